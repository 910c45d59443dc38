"""Words that firms use, and the contract's words that they mostly mean: proposals, for a person to take or to change.

The first pattern that fits counts; capitals do not.
"""

from typing import Final

MEETINGS: Final = {
    "review": "*review* *qbr* *ebr* *retrospective* *rückblick* *jahresgespräch* *bilan* *revue*",
    "onboarding": "*onboarding* *kick-off* *kickoff* *kick off* *welcome* *einführung* *startgespräch* *implementation*",
    "sales": "*discovery* *demo* *sales* *intro* *introduction* *pitch* *erstgespräch* *verkauf* *prospect* *lead*",
    "negotiation": "*negotiation* *contract* *pricing* *renewal* *verhandlung* *vertrag* *négociation*",
    "planning": "*planning* *roadmap* *strategy* *planung* *strategie* *planification*",
    "workshop": "*workshop* *training* *schulung* *atelier* *formation*",
    "webinar": "*webinar*",
    "interview": "*interview*",
    "viewing": "*viewing* *open house* *besichtigung* *visite* *site visit*",
    "check_in": "*check-in* *check in* *checkin* *catch-up* *catch up* *catchup* *sync* *status* *touch base* *weekly* "
    "*monthly* *1:1* *jour fixe* *follow-up* *follow up* *abstimmung* *point mensuel*",
    "consultation": "*consult* *consultation* *advice* *beratung* *advisory* *conseil* *call* *support* *meeting* *termin* "
    "*besprechung* *appointment*",
}
TICKETS: Final = {
    "cancellation": "*cancel* *kündigung* *churn* *terminat* *résiliation*",
    "complaint": "*complaint* *beschwerde* *reklamation* *plainte* *réclamation*",
    "incident": "*incident* *problem* *bug* *outage* *störung* *fault* *defect* *error* *break* *panne* *fehler*",
    "requirement_change": "*change* *feature* *änderung* *request* *task* *demande* *anforderung*",
    "feedback": "*feedback* *suggestion* *praise* *lob* *idea*",
    "advice": "*advice* *consult* *beratung* *guidance*",
    "question": "*question* *frage* *inquiry* *enquiry* *anfrage* *how to* *general* *support* *other*",
}
TICKET_CHANNELS: Final = {
    "email": "*mail*",
    "phone": "*phone* *call* *voice* *telefon* *sms*",
    "chat": "*chat* *messag* *whatsapp* *facebook* *twitter* *instagram* *slack*",
    "in_person": "*person* *walk* *vor ort* *on site* *onsite*",
    "bot": "*bot* *api* *automat*",
    "web": "*web* *portal* *form* *widget* *self*",
}
MEETING_CHANNELS: Final = {
    "video": "*video* *zoom* *teams* *meet* *webex* *remote* *online* *virtual* *http*",
    "phone": "*phone* *call* *telefon*",
    "in_person": "*person* *office* *site* *büro* *vor ort* *presence*",
}
INDUSTRIES: Final = {
    "consulting": "*consult* *beratung*",
    "law": "*law* *legal* *recht* *anwalt*",
    "insurance": "*insurance* *versicherung* *assurance*",
    "banking": "*bank*",
    "financial_advice": "*financ* *wealth* *invest*",
    "accounting": "*account* *treuhand* *steuer* *tax*",
    "architecture": "*architect* *construction* *bau*",
    "marketing_agency": "*marketing* *advertising* *agency* *media* *werbung*",
    "real_estate": "*real estate* *property* *immobilien*",
    "healthcare": "*health* *medical* *hospital* *pharma* *gesundheit* *biotech*",
    "saas": "*software* *saas* *technology* *it services* *computer*",
    "grocery": "*grocer* *supermarket* *lebensmittel*",
    "restaurant": "*restaurant* *hospitality* *food* *gastro*",
    "retail": "*retail* *e-commerce* *consumer goods* *handel* *apparel*",
    "streaming": "*streaming* *entertainment*",
    "telecom": "*telecom* *communications*",
    "other": "*",
}
PROPOSED: Final = {
    "meetings.kind": MEETINGS,
    "tickets.kind": TICKETS,
    "tickets.channel": TICKET_CHANNELS,
    "meetings.channel": MEETING_CHANNELS,
    "profiles.industry": INDUSTRIES,
}
