"""The contract's enumerations as tuples: a record stores a value's position, and not its name.

New values are added at the end only: otherwise the records stored would change their meaning.
"""

from typing import Final, get_args

from relationship.contract import messages as m

PURCHASE_KINDS: Final = get_args(m.PurchaseKind)
PURCHASE_CHANNELS: Final = get_args(m.PurchaseChannel)
TICKET_STATUSES: Final = get_args(m.TicketStatus)
TICKET_KINDS: Final = get_args(m.TicketKind)
TICKET_CHANNELS: Final = get_args(m.TicketChannel)
INITIATORS: Final = get_args(m.Initiator)
CANCEL_REASONS: Final = get_args(m.CancelReason)
MEETING_KINDS: Final = get_args(m.MeetingKind)
MEETING_CHANNELS: Final = get_args(m.MeetingChannel)
INDUSTRIES: Final = get_args(m.Industry)
PARTIES: Final = get_args(m.Party)
SCOPES: Final = get_args(m.Scope)
MARKETS: Final = get_args(m.Market)
CONTRACT_KINDS: Final = get_args(m.ContractKind)
STATUSES: Final = get_args(m.Status)
COMMANDS: Final = get_args(m.CommandName)
