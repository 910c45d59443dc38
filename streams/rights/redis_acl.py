"""A part's right in Redis as a line for `redis-cli`: one user, one pattern of keys, and the commands that it sends."""

from streams.rights.parts import Part

# What the administrator puts the password for; it is never one of ours.
PASSWORD = "PASSWORD"  # noqa: S105 - a placeholder


def set_user(part: Part, user: str, *, since_7_2: bool = False) -> str | None:
    """Return the line that makes a part's user, or None where it does not go to Redis.

    `since_7_2`: with what older servers do not know, and refuse the line for. Without it, they only note a denial.
    """
    if part.redis is None:
        return None
    commands = (*part.redis.commands, *part.redis.since_7_2) if since_7_2 else part.redis.commands
    allowed = " ".join(f"+{each}" for each in commands)
    return f"ACL SETUSER {user} reset on >{PASSWORD} ~{part.redis.keys} resetchannels -@all {allowed}"
