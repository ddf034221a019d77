"""The ledger: every fact written once, with the state it makes true; sealed, chained, signed, followed."""

from ansimnet.platform.ledger.append import Entry, append, append_many, body_of, public_body, stored_facts
from ansimnet.platform.ledger.canonical import fact_class, facts_by_kind
from ansimnet.platform.ledger.feed import Row, head_seq
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.ledger.readers import Reader, catch_up, follow, replay_parked, run_readers
from ansimnet.platform.ledger.sealer import Sealer
from ansimnet.platform.ledger.verify import Report, export_jsonl, verify

__all__ = [
    "Entry",
    "KeyStore",
    "Reader",
    "Report",
    "Row",
    "Sealer",
    "append",
    "append_many",
    "body_of",
    "catch_up",
    "export_jsonl",
    "fact_class",
    "facts_by_kind",
    "follow",
    "head_seq",
    "public_body",
    "replay_parked",
    "run_readers",
    "stored_facts",
    "verify",
]
