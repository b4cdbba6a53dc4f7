"""The API of recordings: people listen, telephone systems hand over."""

from __future__ import annotations

from gateway.calls.handing_over import HandOver, RecordingReceiver
from gateway.calls.recordings import Recordings
from gateway.calls.schemas import HandOverQuery, ReceiptOut
from gateway.web.principal import Permission
from gateway.web.routes import Call, FileBody, FileReply, NoBody, Reply, Route


class RecordingsApi:
    """Routes of recordings."""

    def __init__(self, recordings: Recordings, receiver: RecordingReceiver) -> None:
        self._recordings = recordings
        self._receiver = receiver

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(method="GET", path="/calls/{id}/recording",
                  permission=Permission.RECORDINGS_LISTEN, handler=self._listen,
                  summary="Listen to a call", returns=FileBody, media_type="audio/*"),
            Route(method="PUT", path="/recordings/{pbx}", permission=Permission.RECORDINGS_WRITE,
                  handler=self._take, uploads=True, query=HandOverQuery, returns=ReceiptOut,
                  status=202, summary="Hand a recording over: 202, or 200 when it is here already"),
        ]  # fmt: skip

    async def _listen(self, call: Call[NoBody, NoBody]) -> FileReply:
        file = await self._recordings.file(call.principal, call.path["id"])
        return FileReply(
            path=file.path, media_type=file.media_type, name=file.name, inline=file.playable
        )

    async def _take(self, call: Call[NoBody, HandOverQuery]) -> Reply:
        query, upload = call.query, call.upload
        assert upload is not None
        told = HandOver(pbx=call.path["pbx"], file=query.file, call=query.call)
        receipt = await self._receiver.take(call.principal, told, upload)
        body = ReceiptOut(id=receipt.id, state=receipt.state, call_id=receipt.call_id)
        return Reply(body=body, status=202 if receipt.fresh else 200)
