"""Which roles a route may answer with success. Everybody else must be refused, whatever is asked.

`role@city` is the city's, a bare role the tracking centre's. After `|` stand limits on the ids in the address: `own`
(the account's own situation), `live` (the situation whose ground lives, and for whoever broke it the camera behind the
glass), `unit-own` (own, for units alone), `masked` (no clearer picture than with everybody hidden).
"""

from __future__ import annotations

_ROOM = "tracking_controller shift_lead"
_OFFICE = "probation_officer"
_READS = f"{_ROOM} {_OFFICE} office_director police_112"
_SCENE = "fire_119 fire_119@city disaster_room disaster_room@city"
"""Rescuers, who see an incident's place and no more."""
_ADMIN = "administrator administrator@city"
_CITY = "centre_operator@city shift_lead@city"
_POLES = f"{_CITY} police_112@city fire_119@city administrator@city facility_manager@city"
_STATUS = f"{_CITY} administrator@city facility_manager@city fire_119@city disaster_room@city"
"""With auditors and privacy officers: who sees how the city's machines are."""
_SETS_UP = "administrator@city facility_manager@city"
_PRIVACY = "privacy_officer privacy_officer@city"
_WATCH = f"auditor auditor@city {_PRIVACY}"
_LEADS = "shift_lead shift_lead@city"
_COURT = "court_clerk court_clerk@city"
_ASKS = "centre_operator@city investigator@city police_112@city office_director probation_officer"
_APPROVES = f"{_COURT} office_director {_PRIVACY} shelter_staff {_LEADS}"
_ORDERS = f"{_COURT} investigator investigator@city office_director probation_officer {_LEADS}"
_HOLDS = f"{_COURT} investigator investigator@city {_PRIVACY}"
_GLASS = f"centre_operator@city fire_119 fire_119@city police_112 police_112@city {_PRIVACY}"
_PEOPLE = "victim wearer citizen@city friend@city neighbour@city"
"""People who read what is their own."""

ROUTES: dict[str, str] = {
    # -- for everybody
    "GET /healthz": "everybody",
    "GET /metrics": "everybody",  # this machine alone; the address of a caller is what keeps others out
    "GET /api/v1/openapi.json": "everybody",
    "GET /api/v1/push-key": "everybody",
    "POST /api/v1/session": "everybody",
    "POST /api/v1/phone/enrol": "everybody",
    "POST /api/v1/unit/enrol": "everybody",
    # -- one's own session
    "GET /api/v1/session": "signed-in",
    "DELETE /api/v1/session": "signed-in",
    "GET /api/v1/status": "signed-in",
    "POST /api/v1/me/push-subscription": f"{_PEOPLE} field_unit",
    # -- cameras and map
    "GET /api/v1/cameras/named": f"{_POLES} {_ROOM}",
    "GET /api/v1/cameras/points": f"{_POLES} {_ROOM}",
    "GET /api/v1/cameras/sees": f"{_POLES} {_ROOM}",
    "GET /api/v1/cameras/{camera_id}": f"{_POLES} {_ROOM}",
    "POST /api/v1/cameras/imports": "administrator@city",
    "GET /api/v1/map/style-data": f"{_READS} field_unit victim {_ADMIN} {_CITY} {_SCENE} facility_manager@city",
    "GET /api/v1/footage/health": f"{_STATUS} auditor@city privacy_officer@city",
    "GET /api/v1/footage/health/{camera_id}": f"{_STATUS} auditor@city privacy_officer@city",
    "GET /api/v1/footage/retention": _HOLDS,
    "GET /api/v1/footage/retention/cameras": _HOLDS,
    "GET /api/v1/footage/walls": f"{_POLES} {_ROOM}",
    "PUT /api/v1/footage/walls/{wall_id}": f"{_POLES} {_ROOM}",
    "DELETE /api/v1/footage/walls/{wall_id}": f"{_POLES} {_ROOM}",
    "GET /api/v1/footage/certificates/{certificate_id}": _HOLDS,
    # -- wearers
    "GET /api/v1/wearers": f"{_ROOM} {_OFFICE} office_director",
    "GET /api/v1/wearers/{wearer_id}": f"{_READS} investigator",
    "GET /api/v1/wearers/{wearer_id}/track": f"{_READS} investigator",
    "POST /api/v1/wearers": _OFFICE,
    "PUT /api/v1/wearers/{wearer_id}/office": _OFFICE,
    "POST /api/v1/wearers/{wearer_id}/devices": _OFFICE,
    "POST /api/v1/gateways": _OFFICE,
    "POST /api/v1/wearers/{wearer_id}/conditions": _OFFICE,
    "DELETE /api/v1/conditions/{condition_id}": _OFFICE,
    "POST /api/v1/conditions/{condition_id}/exceptions": _OFFICE,
    "POST /api/v1/wearers/{wearer_id}/medical-notices": _OFFICE,
    "GET /api/v1/alarms": _READS,
    "GET /api/v1/alarms/{alarm_id}": _READS,
    "GET /api/v1/notices": _READS,
    "POST /api/v1/alarms/{alarm_id}/acknowledge": _ROOM,
    "POST /api/v1/alarms/{alarm_id}/finding": f"{_OFFICE} office_director",
    # -- permits, grounds, accounts, ledger
    "GET /api/v1/permits": f"{_READS} {_CITY} {_SCENE} field_unit | unit-own",
    "POST /api/v1/permits/{permit_id}/revoke": f"{_ROOM} {_CITY}",
    "POST /api/v1/grounds": "police_112 police_112@city fire_119 fire_119@city centre_operator@city",
    "POST /api/v1/grounds/{ground_id}/end": f"{_ROOM} {_CITY}",
    "GET /api/v1/accounts": _ADMIN,
    "POST /api/v1/accounts": _ADMIN,
    "POST /api/v1/accounts/{account_id}/disable": _ADMIN,
    "POST /api/v1/accounts/{account_id}/password": _ADMIN,
    "GET /api/v1/ledger": _WATCH,
    # -- footage
    "GET /api/v1/incidents/{incident_id}/cameras": f"{_READS} field_unit | unit-own",
    "POST /api/v1/provisions/{provision_id}/tickets": f"{_ROOM} field_unit {_CITY} | live unit-own",
    "POST /api/v1/cameras/{camera_id}/tickets": (
        f"{_CITY} police_112@city fire_119@city investigator@city | live masked"
    ),
    "POST /api/v1/provisions/{provision_id}/marks": f"{_ROOM} {_CITY} | live",
    "POST /api/v1/provisions/{provision_id}/extend": f"{_ROOM} {_CITY} | live",
    "GET /api/v1/provisions": _CITY,
    "GET /api/v1/provisions/{provision_id}/recordings": f"{_ROOM} field_unit {_CITY} | live unit-own",
    "GET /api/v1/provisions/{provision_id}/recordings/{camera_id}/timeline": (
        f"{_ROOM} field_unit {_CITY} | live unit-own"
    ),
    "POST /api/v1/provisions/{provision_id}/recordings/tickets": f"{_ROOM} field_unit {_CITY} | live unit-own",
    "POST /api/v1/provisions/{provision_id}/recordings/bookmarks": f"{_CITY} | live",
    "DELETE /api/v1/provisions/{provision_id}/recordings/bookmarks/{bookmark_id}": _CITY,
    "POST /api/v1/recordings/tickets": f"{_CITY} investigator@city",
    "GET /api/v1/recordings/{camera_id}/timeline": f"{_CITY} investigator@city",
    "GET /api/v1/exports": "signed-in",
    "POST /api/v1/exports": "investigator@city",
    "GET /api/v1/exports/{export_id}/file": "investigator@city",
    "POST /api/v1/exports/{export_id}/end": "investigator@city",
    "GET /api/v1/exports/reviews": "shift_lead@city privacy_officer@city",
    "GET /api/v1/exports/{export_id}/doubts": "shift_lead@city privacy_officer@city",
    "GET /api/v1/exports/{export_id}/doubts/{number}": "shift_lead@city privacy_officer@city",
    "GET /api/v1/exports/{export_id}/decisions": "shift_lead@city privacy_officer@city",
    "PUT /api/v1/exports/{export_id}/doubts/{number}/decision": "shift_lead@city privacy_officer@city",
    "POST /api/v1/exports/{export_id}/review": "shift_lead@city privacy_officer@city",
    "GET /api/v1/footage/inspections": "facility_manager@city",
    "GET /api/v1/footage/inspections/{camera_id}": "facility_manager@city",
    "POST /api/v1/footage/inspections/tickets/{ticket_id}/actions": "facility_manager@city",
    "GET /api/v1/cameras/blind-spots": "facility_manager@city",
    "POST /api/v1/cameras/restrictions": "facility_manager@city",
    "GET /api/v1/cameras/{camera_id}/sound-ground": "facility_manager@city",
    "PUT /api/v1/cameras/{camera_id}/sound-ground": "facility_manager@city",
    "DELETE /api/v1/cameras/{camera_id}/sound-ground": "facility_manager@city",
    "GET /api/v1/cameras/{camera_id}/privacy-zones": "facility_manager@city",
    "PUT /api/v1/cameras/{camera_id}/privacy-zones": "facility_manager@city",
    # -- cameras asked over ONVIF, and turning them
    "GET /api/v1/footage/onvif": _SETS_UP,
    "POST /api/v1/footage/onvif/discovery": _SETS_UP,
    "GET /api/v1/cameras/{camera_id}/onvif": _SETS_UP,
    "PUT /api/v1/cameras/{camera_id}/onvif": _SETS_UP,
    "DELETE /api/v1/cameras/{camera_id}/onvif": _SETS_UP,
    "POST /api/v1/cameras/{camera_id}/onvif/check": _SETS_UP,
    "GET /api/v1/cameras/{camera_id}/ptz": _POLES,
    "POST /api/v1/cameras/{camera_id}/ptz/take": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/ask": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/release": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/move": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/stop": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/turn": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/point": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/presets": f"{_CITY} | live",
    "POST /api/v1/cameras/{camera_id}/ptz/presets/{preset_id}": f"{_CITY} | live",
    "DELETE /api/v1/cameras/{camera_id}/ptz/presets/{preset_id}": f"{_CITY} | live",
    # -- dispatch
    "GET /api/v1/incidents": f"{_READS} {_SCENE}",
    "GET /api/v1/incidents/{incident_id}": f"{_READS} {_SCENE}",
    "GET /api/v1/units": _READS,
    "POST /api/v1/test-alarm": _ROOM,
    "POST /api/v1/incidents/{incident_id}/acknowledge": _ROOM,
    "POST /api/v1/incidents/{incident_id}/checklist/{item}": _ROOM,
    "POST /api/v1/incidents/{incident_id}/notes": _ROOM,
    "POST /api/v1/incidents/{incident_id}/orders/{order_id}/send": _ROOM,
    "POST /api/v1/incidents/{incident_id}/units/{unit_id}/add": _ROOM,
    "POST /api/v1/incidents/{incident_id}/hand-over": _ROOM,
    "POST /api/v1/incidents/{incident_id}/concur": "police_112",
    "POST /api/v1/incidents/{incident_id}/close": _ROOM,
    "POST /api/v1/units": "administrator",
    "GET /api/v1/unit/order": "field_unit",
    "POST /api/v1/unit/orders/{order_id}/{state}": "field_unit | own",
    "POST /api/v1/unit/position": "field_unit",
    # -- protection
    "POST /api/v1/protected-persons": f"{_OFFICE} police_112",
    "POST /api/v1/protected-persons/{protected_person_id}/devices": f"{_OFFICE} police_112",
    "GET /api/v1/protected-persons": f"{_OFFICE} police_112",
    "GET /api/v1/protected-persons/{protected_person_id}": f"{_READS}",
    "GET /api/v1/me": "victim",
    "POST /api/v1/me/warnings/{warning_id}/acknowledge": "victim | own",
    "POST /api/v1/me/help": "victim",
    "POST /api/v1/me/scene": "victim citizen",
    "POST /api/v1/incidents/{incident_id}/scene-links": _ROOM,
    "POST /api/v1/me/scene/end": "signed-in",  # ends what one's own phone shows, and nothing where it shows none
    "GET /api/v1/incidents/{incident_id}/scenes": _READS,
    "POST /api/v1/scenes/{uplink_id}/tickets": _ROOM,
    "POST /api/v1/scenes/{uplink_id}/recordings": _ROOM,
    "PUT /api/v1/me/settings": "victim",
    "GET /api/v1/me/looks": _PEOPLE,
    # -- signing in by other ways: whoever does is not signed in yet
    "GET /api/v1/session/methods": "everybody",
    "POST /api/v1/session/passkey/options": "everybody",
    "POST /api/v1/session/passkey": "everybody",
    "POST /api/v1/session/invite": "everybody",
    "GET /api/v1/session/sso": "everybody",
    "GET /api/v1/session/sso/callback": "everybody",
    "POST /api/v1/me/enrol": "everybody",
    # -- one's own keys, sessions and acquaintances
    "POST /api/v1/session/step-up/options": "signed-in",
    "POST /api/v1/session/step-up": "signed-in",
    "GET /api/v1/me/security": "signed-in",
    "POST /api/v1/me/passkeys/options": "signed-in",
    "POST /api/v1/me/passkeys": "signed-in",
    "POST /api/v1/me/passkeys/{passkey_id}/revoke": "signed-in",
    "POST /api/v1/me/app": "signed-in",
    "POST /api/v1/me/app/confirm": "signed-in",
    "POST /api/v1/me/app/remove": "signed-in",
    "POST /api/v1/me/recovery-codes": "signed-in",
    "POST /api/v1/me/password": "signed-in",
    "GET /api/v1/me/sessions": "signed-in",
    "POST /api/v1/me/sessions/{session_id}/end": "signed-in",
    "POST /api/v1/me/sessions/end-others": "signed-in",
    "POST /api/v1/me/acquaintances": "signed-in",
    # -- accounts
    "POST /api/v1/accounts/{account_id}/invite": _ADMIN,
    "POST /api/v1/accounts/{account_id}/move": _ADMIN,
    "POST /api/v1/accounts/{account_id}/sessions/end": _ADMIN,
    "POST /api/v1/accounts/{account_id}/identity": _ADMIN,
    "POST /api/v1/accounts/{account_id}/identity/end": _ADMIN,
    "POST /api/v1/accounts/{account_id}/same-person": _ADMIN,
    "GET /api/v1/accounts/{account_id}/facilities": _ADMIN,
    "PUT /api/v1/accounts/{account_id}/facilities": _ADMIN,
    "DELETE /api/v1/accounts/{account_id}/facilities": _ADMIN,
    "POST /api/v1/persons/phone": _ADMIN,
    # -- a second person, orders, break-glass, holds
    "POST /api/v1/requests": f"{_ASKS}",
    "GET /api/v1/requests": "signed-in",  # one's own; those of others for whoever may answer them
    "GET /api/v1/requests/{request_id}": f"{_ASKS} {_APPROVES}",
    "POST /api/v1/requests/{request_id}/approve": _APPROVES,
    "POST /api/v1/requests/{request_id}/refuse": _APPROVES,
    "POST /api/v1/requests/{request_id}/withdraw": _ASKS,
    "GET /api/v1/disclosures": "neighbour@city office_director probation_officer",
    "POST /api/v1/orders": _ORDERS,
    "GET /api/v1/orders": f"{_ORDERS} {_APPROVES}",
    "POST /api/v1/orders/{order_id}/confirm": _APPROVES,
    "POST /api/v1/orders/{order_id}/withdraw": f"{_ORDERS} {_APPROVES}",
    "GET /api/v1/grounds": "signed-in",  # one's own break-glass; everybody's for the privacy officer
    "POST /api/v1/grounds/{ground_id}/justify": _GLASS,
    "POST /api/v1/grounds/{ground_id}/close": _GLASS,
    "POST /api/v1/grounds/{ground_id}/judge": _PRIVACY,
    "POST /api/v1/holds": _HOLDS,
    "GET /api/v1/holds": _HOLDS,
    "POST /api/v1/holds/{hold_id}/renew": _HOLDS,
    "POST /api/v1/holds/{hold_id}/release": _HOLDS,
    # -- those who watch the watchers
    "GET /api/v1/ledger/looks": _WATCH,
    "POST /api/v1/ledger/verify": _WATCH,
    "GET /api/v1/board": _WATCH,
    "GET /api/v1/reviews": _WATCH,
    "POST /api/v1/reviews": _WATCH,
    "GET /api/v1/reviews/{month}": _WATCH,
    "POST /api/v1/reviews/{month}/sign": _PRIVACY,
    "POST /api/v1/judgements": _PRIVACY,
    "POST /api/v1/questions/{complaint_id}/answer": _PRIVACY,
    "GET /api/v1/downloads": _WATCH,
    "POST /api/v1/downloads": f"{_WATCH} investigator@city {_PEOPLE}",
    "GET /api/v1/me/access": _PEOPLE,
    "POST /api/v1/me/access/{handle}/ask": _PEOPLE,
    "GET /api/v1/transparency": "everybody",
    "GET /api/v1/transparency/{centre}/{month}": "everybody",
    # -- agencies, footage rights, duties
    "GET /api/v1/agencies": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agencies": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agencies/{agency_id}/agreements": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agreements/{agreement_id}/terminate": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agencies/{agency_id}/accounts": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agencies/{agency_id}/relay": f"{_ADMIN} {_PRIVACY}",
    "GET /api/v1/agencies/{agency_id}/keys": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agencies/{agency_id}/machines": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/machines/{account_id}/keys": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/agency-keys/{key_id}/end": f"{_ADMIN} {_PRIVACY}",
    "GET /api/v1/centres": f"{_ADMIN} {_PRIVACY}",
    "POST /api/v1/centres": f"{_ADMIN} {_PRIVACY}",
    "GET /api/v1/footage-rights": f"{_ADMIN} {_PRIVACY} {_LEADS}",
    "POST /api/v1/footage-rights/limit": f"{_PRIVACY} {_LEADS}",
    "POST /api/v1/footage-rights/{account_id}/grant": f"{_PRIVACY} {_LEADS}",
    "POST /api/v1/footage-rights/{account_id}/certify": f"{_PRIVACY} {_LEADS}",
    "POST /api/v1/footage-rights/{account_id}/suspend": f"{_PRIVACY} {_LEADS}",
    "GET /api/v1/duties": "signed-in",
    "GET /api/v1/duties/rules": "signed-in",
    "POST /api/v1/duties/rules/{rule}": f"{_ADMIN} {_PRIVACY}",
    "GET /api/v1/ledger/inclusion": _WATCH,
    "GET /api/v1/ledger/heads": "everybody",
    "GET /api/v1/ledger/consistency": "everybody",
    "POST /api/v1/hub/alarms": "",  # agencies' machines alone, by their signature
    "GET /api/v1/hub/alarms/{alarm_id}": "",
}
