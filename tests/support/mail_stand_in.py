"""A stand-in of an e-mail platform: what of Mailchimp's Marketing API 3.0 is used, its answers and errors, on loopback.

What it knows of the real one, from its reference: a contact's name is the MD5 of its address in lower case; `status_if_new`
is required of a new one; tags are set `active` or `inactive` and answered with 204 and no body; a static segment takes
addresses to add and to remove, ignores those that are not in the list, and its name is given once; a contact deleted for
good is gone from everything; a wrong key is 401, what is not there 404, and too many calls 429.
"""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from web_server import served

KEY, AUDIENCE = "0123456789abcdef0123456789abcdef-us6", "a1b2c3d4e5"


class Platform:
    """The platform's contacts, tags and segments; `busy` calls are turned down before the next one is served."""

    def __init__(self) -> None:
        self.members: dict[str, dict[str, Any]] = {}
        self.segments: dict[int, dict[str, Any]] = {7: {"name": "of our own", "members": set()}}
        self.busy: list[int] = []
        self.deleted: list[str] = []
        self.calls: list[str] = []
        self.url = ""

    def tags(self, email: str) -> set[str]:
        """Return a contact's tags."""
        return self.members[name_of(email)]["tags"]

    def segments_of(self, email: str) -> set[str]:
        """Return the names of the segments that a contact is in."""
        return {segment["name"] for segment in self.segments.values() if email.lower() in segment["members"]}

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who has the key, when there is time."""
        self.calls.append(f"{request.method} {request.path}")
        wanted = "Basic " + base64.b64encode(f"anystring:{KEY}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return problem(401, "API Key Invalid")
        if self.busy:
            return problem(self.busy.pop(0), "Too Many Requests")
        if request.match_info.get("audience") != AUDIENCE:
            return problem(404, "Resource Not Found")
        return await handler(request)

    async def put_member(self, request: web.Request) -> web.Response:
        """Add or update a contact."""
        body, name = await request.json(), request.match_info["member"]
        if name != name_of(body["email_address"]):
            return problem(400, "Invalid Resource")
        if name not in self.members:
            if body.get("status_if_new") not in {"subscribed", "unsubscribed", "cleaned", "pending", "transactional"}:
                return problem(400, "Invalid Resource")
            self.members[name] = {"email": body["email_address"], "status": body["status_if_new"], "tags": set()}
        return web.json_response({"id": name, "status": self.members[name]["status"]})

    async def post_tags(self, request: web.Request) -> web.Response:
        """Add and take tags."""
        member = self.members.get(request.match_info["member"])
        if member is None:
            return problem(404, "Resource Not Found")
        for tag in (await request.json())["tags"]:
            if tag["status"] not in {"active", "inactive"}:
                return problem(400, "Invalid Resource")
            (member["tags"].add if tag["status"] == "active" else member["tags"].discard)(tag["name"])
        return web.Response(status=204)

    async def delete_member(self, request: web.Request) -> web.Response:
        """Delete a contact for good."""
        member = self.members.pop(request.match_info["member"], None)
        if member is None:
            return problem(404, "Resource Not Found")
        for segment in self.segments.values():
            segment["members"].discard(member["email"].lower())
        self.deleted.append(member["email"])
        return web.Response(status=204)

    async def get_segments(self, request: web.Request) -> web.Response:
        """List segments; ten unless more are asked for."""
        found = [{"id": i, "name": s["name"], "type": "static"} for i, s in self.segments.items()]
        return web.json_response({"segments": found[: int(request.query.get("count", 10))], "total_items": len(found)})

    async def post_segment(self, request: web.Request) -> web.Response:
        """Make a static segment."""
        body = await request.json()
        if body["name"] in {segment["name"] for segment in self.segments.values()} or "static_segment" not in body:
            return problem(400, "Invalid Resource")
        number = max(self.segments) + 1
        self.segments[number] = {"name": body["name"], "members": set(body["static_segment"])}
        return web.json_response({"id": number, "name": body["name"], "type": "static"})

    async def change_segment(self, request: web.Request) -> web.Response:
        """Add and remove members."""
        segment, body = self.segments.get(int(request.match_info["segment"])), await request.json()
        if segment is None:
            return problem(404, "Resource Not Found")
        known = {member["email"].lower() for member in self.members.values()}
        added = {each.lower() for each in body.get("members_to_add", [])} & known
        removed = {each.lower() for each in body.get("members_to_remove", [])}
        segment["members"] = (segment["members"] | added) - removed
        return web.json_response({"total_added": len(added), "total_removed": len(removed), "error_count": 0})


def name_of(email: str) -> str:
    """Return a contact's name in the API."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


def problem(status: int, title: str) -> web.Response:
    """Return an error as the API words it."""
    return web.json_response({"title": title, "status": status, "detail": ""}, status=status)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """Serve a platform on a free port of loopback until the block ends."""
    here = Platform()
    app = web.Application(middlewares=[here.gate])
    base = "/3.0/lists/{audience}"
    app.router.add_put(base + "/members/{member}", here.put_member)
    app.router.add_post(base + "/members/{member}/tags", here.post_tags)
    app.router.add_post(base + "/members/{member}/actions/delete-permanent", here.delete_member)
    app.router.add_get(base + "/segments", here.get_segments)
    app.router.add_post(base + "/segments", here.post_segment)
    app.router.add_post(base + "/segments/{segment}", here.change_segment)
    async with served(app) as address:
        here.url = f"{address}/3.0"
        yield here
