"""Where a sign-in leads: to a page of ours, whatever the address that asked for it says."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

HOME = "/"
MAX_PATH = 2000
_KEPT = "/%:@!$&'()*+,;=-._~"
"""What stays as it is in a path; in a query also the question mark (RFC 3986 §3.3, §3.4)."""
_LEADS_BACK = frozenset({"/sign-in", "/sign-out", "/password"})


def local_path(wanted: str) -> str:
    """Return a path on this server, as `/calls?live=true`; HOME for whatever is none."""
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > MAX_PATH:
        return HOME
    if "\\" in wanted or not wanted.isprintable() or " " in wanted:
        return HOME
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return HOME
    if parts.scheme or parts.netloc or parts.path.startswith("//") or parts.path in _LEADS_BACK:
        return HOME
    query = quote(parts.query, safe=f"{_KEPT}?")
    return urlunsplit(("", "", quote(parts.path, safe=_KEPT), query, "")) or HOME
