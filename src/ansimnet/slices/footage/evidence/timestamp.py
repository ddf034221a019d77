"""Trusted time: an authority's stamp on a signature (RFC 3161), asked for where one is set."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import structlog
from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response

log = structlog.get_logger(__name__)

PATIENCE_S = 10.0
"""A stamp later than this is none: the ledger's signed head is the time that is always there."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A time-stamping authority by its address."""

    url: str

    async def stamp(self, message: bytes) -> bytes | None:
        """Return the token (DER of a CMS ContentInfo) on a message; None where the authority gave none in time."""
        request = TimestampRequestBuilder().data(message).nonce(nonce=True).cert_request(cert_request=True).build()
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as client:
                answer = await client.post(self.url, content=request.as_bytes(), headers=headers)
                answer.raise_for_status()
            response = decode_timestamp_response(answer.content)
            if (
                response.tst_info.nonce != request.nonce
                or response.tst_info.message_imprint.message != request.message_imprint.message
            ):
                raise ValueError("a stamp on something else")
            return bytes(response.time_stamp_token())
        except (httpx.HTTPError, ValueError) as error:
            log.warning("no time stamp", error=type(error).__name__)
            return None
