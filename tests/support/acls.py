"""Rights on a Kafka, given by its own protocol: aiokafka's admin client cannot."""

from aiokafka.protocol.admin import CreateAclsRequest_v1
from aiokafka.protocol.api import Request

# Kafka's codes of what a right is about, how it is named, and what it allows.
RESOURCES = {"Topic": 2, "Group": 3}
OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10, "AlterConfigs": 11}
LITERAL, PREFIXED = 3, 4
_ALLOW = 3


class CreateAcls(Request[CreateAclsRequest_v1]):
    """Gives rights, as `kafka-acls.sh --add` does: each a resource, its name, LITERAL or PREFIXED, who, an operation."""

    API_KEY = 30

    def __init__(self, *acls: tuple[str, str, int, str, str]) -> None:
        self._acls = [
            (RESOURCES[resource], name, pattern, principal, "*", OPERATIONS[operation], _ALLOW)
            for resource, name, pattern, principal, operation in acls
        ]

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        """Return the request."""
        return request_struct_class(self._acls)
