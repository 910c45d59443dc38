"""A part's right in Redis as a line for `redis-cli`: one user, one pattern of keys, and the commands that it sends."""

from streams.rights.parts import Part

# What the administrator puts the password for; it is never one of ours.
PASSWORD = "PASSWORD"  # noqa: S105 - a placeholder


def set_user(part: Part, user: str, *, redis_6: bool = False) -> str | None:
    """Return the line that makes a part's user, or None where it does not go to Redis. `redis_6`: for one older than 7."""
    if part.redis is None:
        return None
    commands = part.redis.commands if redis_6 else (*part.redis.commands, *part.redis.since_7)
    allowed = " ".join(f"+{each}" for each in commands)
    return f"ACL SETUSER {user} reset on >{PASSWORD} ~{part.redis.keys} resetchannels -@all {allowed}"
