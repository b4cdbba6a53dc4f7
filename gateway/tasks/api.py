"""The API of tasks."""

from __future__ import annotations

from gateway.tasks.schemas import (
    AssignIn,
    DoneIn,
    TaskFiguresOut,
    TaskOut,
    TasksOut,
    TasksQuery,
)
from gateway.tasks.showing import TaskFilter, Tasks
from gateway.tasks.working import TaskWork
from gateway.web.principal import Permission
from gateway.web.routes import Call, NoBody, Route


class TasksApi:
    """Routes of tasks."""

    def __init__(self, tasks: Tasks, work: TaskWork) -> None:
        self._tasks = tasks
        self._work = work

    def routes(self) -> list[Route]:
        """Return the routes."""
        read, write = Permission.TASKS_READ, Permission.TASKS_WRITE
        return [
            Route(method="GET", path="/tasks", permission=read, handler=self._list,
                  summary="List tasks: missed calls that wait for a call-back, or had one",
                  query=TasksQuery, returns=TasksOut),
            Route(method="GET", path="/tasks/figures", permission=read, handler=self._figures,
                  summary="Count the open tasks", returns=TaskFiguresOut),
            Route(method="GET", path="/tasks/{id}", permission=read, handler=self._show,
                  summary="Show a task", returns=TaskOut),
            Route(method="POST", path="/tasks/{id}/done", permission=write, handler=self._done,
                  summary="Say that a task is done", body=DoneIn, returns=TaskOut),
            Route(method="POST", path="/tasks/{id}/reopen", permission=write,
                  handler=self._reopen, summary="Say that a task is not done yet",
                  returns=TaskOut),
            Route(method="POST", path="/tasks/{id}/assign", permission=write,
                  handler=self._assign, summary="Give a task to a user, or take it",
                  body=AssignIn, returns=TaskOut),
        ]  # fmt: skip

    async def _list(self, call: Call[NoBody, TasksQuery]) -> TasksOut:
        query = call.query
        wanted = TaskFilter(
            state=query.state,
            kind=query.kind,
            assigned=query.assigned,
            party_id=query.party_id,
            since=query.since,
        )
        page = await self._tasks.page(
            call.principal, wanted, cursor=query.cursor, limit=query.limit
        )  # fmt: skip
        return TasksOut(
            items=tuple(TaskOut.model_validate(item) for item in page.items),
            next_cursor=page.next_cursor,
        )

    async def _figures(self, call: Call[NoBody, NoBody]) -> TaskFiguresOut:
        found = await self._tasks.figures(call.principal)
        return TaskFiguresOut(open=found.open, mine=found.mine, nobodys=found.nobodys)

    async def _show(self, call: Call[NoBody, NoBody]) -> TaskOut:
        return TaskOut.model_validate(await self._tasks.show(call.principal, call.path["id"]))

    async def _done(self, call: Call[DoneIn, NoBody]) -> TaskOut:
        done = await self._work.finish(call.principal, call.path["id"], call.body.note)
        return TaskOut.model_validate(done)

    async def _reopen(self, call: Call[NoBody, NoBody]) -> TaskOut:
        return TaskOut.model_validate(await self._work.reopen(call.principal, call.path["id"]))

    async def _assign(self, call: Call[AssignIn, NoBody]) -> TaskOut:
        found = await self._work.assign(call.principal, call.path["id"], call.body.to)
        return TaskOut.model_validate(found)
