"""Which roles a route may answer with success. Everybody else must be refused, whatever is asked.

`role@city` is the city's, a bare role the tracking centre's. After `|` stand limits on the ids in the address: `own`
(the account's own situation), `live` (the situation whose ground lives), `unit-own` (own, for units alone).
"""

from __future__ import annotations

_ROOM = "tracking_controller shift_lead"
_OFFICE = "probation_officer"
_READS = f"{_ROOM} {_OFFICE} police_112"
_ADMIN = "administrator administrator@city"
_CITY = "centre_operator@city"

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
    "POST /api/v1/me/push-subscription": "victim field_unit",
    # -- cameras and map
    "GET /api/v1/cameras/points": f"{_CITY} administrator@city {_ROOM}",
    "GET /api/v1/cameras/sees": f"{_CITY} administrator@city {_ROOM}",
    "GET /api/v1/cameras/{camera_id}": f"{_CITY} administrator@city {_ROOM}",
    "POST /api/v1/cameras/imports": "administrator@city",
    "GET /api/v1/map/style-data": f"{_READS} field_unit victim {_ADMIN} {_CITY}",
    # -- wearers
    "GET /api/v1/wearers": f"{_ROOM} {_OFFICE}",
    "GET /api/v1/wearers/{wearer_id}": f"{_READS}",
    "GET /api/v1/wearers/{wearer_id}/track": f"{_READS}",
    "POST /api/v1/wearers": _OFFICE,
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
    "POST /api/v1/alarms/{alarm_id}/finding": _OFFICE,
    # -- permits, grounds, accounts, ledger
    "GET /api/v1/permits": f"{_READS} {_CITY}",
    "POST /api/v1/permits/{permit_id}/revoke": f"{_ROOM} {_CITY}",
    "POST /api/v1/grounds": f"police_112 police_112@city {_CITY}",
    "POST /api/v1/grounds/{ground_id}/end": f"{_ROOM} {_CITY}",
    "GET /api/v1/accounts": _ADMIN,
    "POST /api/v1/accounts": _ADMIN,
    "POST /api/v1/accounts/{account_id}/disable": _ADMIN,
    "POST /api/v1/accounts/{account_id}/password": _ADMIN,
    "GET /api/v1/ledger": "auditor auditor@city",
    # -- footage
    "GET /api/v1/incidents/{incident_id}/cameras": f"{_READS} field_unit | unit-own",
    "POST /api/v1/provisions/{provision_id}/tickets": f"{_ROOM} field_unit {_CITY} | live unit-own",
    "POST /api/v1/provisions/{provision_id}/marks": f"{_ROOM} {_CITY} | live",
    "POST /api/v1/provisions/{provision_id}/extend": f"{_ROOM} {_CITY} | live",
    "GET /api/v1/provisions": _CITY,
    # -- dispatch
    "GET /api/v1/incidents": _READS,
    "GET /api/v1/incidents/{incident_id}": _READS,
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
    "PUT /api/v1/me/settings": "victim",
    "GET /api/v1/me/looks": "victim",
}
