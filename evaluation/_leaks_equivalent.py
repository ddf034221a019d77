"""Conditions that are no check of who sees what, and why: another check stands behind, or they answer, not refuse."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {
    "supervision.api.gateway.sender_of: device is not None": "it answers: without it a right key is refused",
    "supervision.api.gateway.sender_of: gateway is not None": "it answers: without it a right key is refused",
    "footage.relay.server.Relay._greet: path == '/healthz'": "it answers: without it there is nothing",
    "footage.relay.server.Relay._greet: path == '/metrics'": "it answers: without it there is nothing",
    "footage.relay.server.Relay._greet: path in self.posts": "it answers: without it the address is no socket's",
    "footage.relay.server.Relay._greet: path not in self.doors": "whatever the address, a ticket is asked for",
    "footage.relay.server.Relay._greet: self.full": "bounds work, not who sees",
    "footage.service.giving.Giver.opened: p.state is not State.GIVEN": "its ground is given and ends with it",
    "policy.rules.book._flaw: trigger_of(ground.trigger) is None": "no table of the database takes a fifth trigger",
    "policy.rules.book._flaw: not cites_provision(ground.statute)": "no table of the database takes another clause",
    "policy.rules.book._flaw: ground.trigger is not None": "no table of the database takes it beside another ground",
    "policy.rules.book._standing: line.reach not in (Reach.OWN, Reach.SELF)": "a table with such a duty is refused",
    "protection.service.press.acknowledge: w is None": "what is not there is nobody's",
    "policy.rules.book._standing: own is None": "what is nobody's reaches no id",
    "policy.rules.book._flaw: guest": "there are two centres: nobody is a third",
    "platform.link_keys.Identities.check: not publics": "of no keys none is the right one",
    "footage.service.asked.answers: p is None": "what is not there is nobody's",
    "footage.service.asked.answers: p.from_centre != there": "there are two centres: nobody is a third",
    "footage.service.giving.Giver.opened: account.centre_id not in (p.from_centre, p.to_centre)": (
        "there are two centres: nobody is a third"
    ),
    "footage.service.giving.Giver.opened: p.over(self.clock.now())": "its ground ends with it, and policy refuses",
    "supervision.api.routes._wearers: ask(account, Act.READ_TRACK, Purpose.SUPERVISE, 'wearer', wearer_id)": (
        "every row that shows a wearer for supervision shows his track (a test of the tables)"
    ),
    "app.serve._system: request.client is None": "a server knows who calls",
}
"""The place of a mutant, without the number it has there -> why its absence shows nothing."""
