"""A stand-in of an e-mail platform: what of Mailchimp's Marketing API 3.0 is used, its answers and errors, on loopback.

What it knows of the real one, from its reference: members are added 500 a call, and with `update_existing` false one that
is there is left alone and told as `ERROR_CONTACT_EXISTS`; a tag is a static segment, which takes 500 addresses to add and
500 to remove, ignores those that are not in the list, and whose name is given once; a contact deleted for good is gone
from everything, and is named by the MD5 of its address in lower case; a wrong key is 401, what is not there 404, too many
calls 429.
"""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from gate import Gate
from web_server import served

KEY, AUDIENCE = "0123456789abcdef0123456789abcdef-us6", "a1b2c3d4e5"
STATUSES = {"subscribed", "unsubscribed", "cleaned", "pending", "transactional"}
AT_ONCE = 500


class Platform(Gate):
    """The platform's contacts by name, and its tags by number."""

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[str, dict[str, Any]] = {}
        self.segments: dict[int, dict[str, Any]] = {7: {"name": "of our own", "members": set()}}
        self.deleted: list[str] = []
        self.url = ""

    def tags(self, email: str) -> set[str]:
        """Return a contact's tags."""
        return {segment["name"] for segment in self.segments.values() if email.lower() in segment["members"]}

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let in who has the key, when there is time."""
        wanted = "Basic " + base64.b64encode(f"anystring:{KEY}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return problem(401, "API Key Invalid")
        if request.match_info.get("audience") != AUDIENCE:
            return problem(404, "Resource Not Found")
        return await self.pass_on(request, handler)

    async def post_members(self, request: web.Request) -> web.Response:
        """Add contacts; those that are there are left alone."""
        body = await request.json()
        if len(body["members"]) > AT_ONCE or any(each.get("status") not in STATUSES for each in body["members"]):
            return problem(400, "Invalid Resource")
        assert body["update_existing"] is False, "the stand-in changes nobody"
        new, errors = [], []
        for each in body["members"]:
            email, name = each["email_address"], name_of(each["email_address"])
            if name in self.members:
                errors.append(member_error(email, f"{email} is already a list member", "ERROR_CONTACT_EXISTS"))
            elif email.endswith("@example.com"):
                errors.append(member_error(email, f"{email} looks fake or invalid", "ERROR_GENERIC"))
            else:
                self.members[name] = {"email": email, "status": each["status"]}
                new.append({"id": name, "email_address": email, "status": each["status"]})
        counts = {"total_created": len(new), "total_updated": 0, "error_count": len(errors)}
        return web.json_response({"new_members": new, "updated_members": [], "errors": errors, **counts})

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
        to_add, to_remove = body.get("members_to_add", []), body.get("members_to_remove", [])
        if segment is None:
            return problem(404, "Resource Not Found")
        if max(len(to_add), len(to_remove)) > AT_ONCE:
            return problem(400, "Invalid Resource")
        known = {member["email"].lower() for member in self.members.values()}
        added, removed = {each.lower() for each in to_add} & known, {each.lower() for each in to_remove}
        segment["members"] = (segment["members"] | added) - removed
        counts = {"total_added": len(added), "total_removed": len(removed), "error_count": 0}
        return web.json_response({"members_added": [], "members_removed": [], "errors": [], **counts})


def name_of(email: str) -> str:
    """Return a contact's name in the API."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


def member_error(email: str, text: str, code: str) -> dict[str, str]:
    """Return what is told of a member that is not added."""
    return {"email_address": email, "error": text, "error_code": code, "field": "", "field_message": ""}


def problem(status: int, title: str) -> web.Response:
    """Return an error as the API words it."""
    return web.json_response({"title": title, "status": status, "detail": ""}, status=status)


@asynccontextmanager
async def platform() -> AsyncIterator[Platform]:
    """Serve a platform on a free port of loopback until the block ends."""
    here = Platform()
    app = web.Application(middlewares=[here.gate])
    base = "/3.0/lists/{audience}"
    app.router.add_post(base, here.post_members)
    app.router.add_post(base + "/members/{member}/actions/delete-permanent", here.delete_member)
    app.router.add_get(base + "/segments", here.get_segments)
    app.router.add_post(base + "/segments", here.post_segment)
    app.router.add_post(base + "/segments/{segment}", here.change_segment)
    async with served(app) as address:
        here.url = f"{address}/3.0"
        yield here
