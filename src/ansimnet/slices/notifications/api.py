"""Where a phone says how it can be woken."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.platform.parts import Context
from ansimnet.slices.notifications import service, store
from ansimnet.slices.notifications.model import Subscription
from ansimnet.slices.notifications.rules import check_endpoint, check_keys
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account


class PushKeys(BaseModel):
    """Keys of a subscription, base64url."""

    p256dh: str = Field(min_length=80, max_length=100)
    auth: str = Field(min_length=20, max_length=30)


class PushSubscription(BaseModel):
    """What a browser's `PushSubscription.toJSON()` gives."""

    endpoint: str = Field(max_length=1000)
    keys: PushKeys


def routes(ctx: Context) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["notifications"])

    @api.get("/push-key")
    async def push_key(
        _: Annotated[None, Depends(door(Act.READ_STATUS, public_because="a public key"))],
    ) -> dict[str, str]:
        """The key to subscribe with."""
        return {"public_key": service.push_public_key(ctx.settings.data_dir)}

    @api.post("/me/push-subscription", status_code=204)
    async def subscribe(
        account: Annotated[Account, Depends(door(Act.READ_OWN))], subscription: PushSubscription
    ) -> None:
        """Take where this phone can be woken; pushes carry nothing."""
        check_endpoint(subscription.endpoint, ctx.settings.push_hosts)
        check_keys(subscription.keys.p256dh, subscription.keys.auth)
        now = ctx.clock.now()
        db = ctx.dbs.of(account.centre_id)
        await policy.permit(
            db, account, Act.READ_OWN, resource=account.subject_id, purpose=Purpose.OWN, screen="phone", now=now
        )
        to = Subscription(subscription.endpoint, subscription.keys.p256dh, subscription.keys.auth)
        async with db.transaction() as tx:
            await store.save_subscription(tx, account.subject_id or account.account_id, to, now)

    return api
