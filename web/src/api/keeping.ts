/** Orders, holds and accounts: what a desk keeps on file. Times are ISO 8601 in UTC. */
import { useQuery } from "@tanstack/react-query";
import { del, get, post, put } from "./client";

export type OrderState = "registered" | "in_force" | "withdrawn" | "over";
export interface Order {
  order_id: string;
  number: string | null;
  issuer: "court" | "prosecution";
  statute: string;
  opens: string[];
  resources: string[];
  from_at: string;
  until_at: string;
  state: OrderState;
  registered_by: string;
  registered_at: string;
  mine: boolean;
  may_confirm: boolean;
}
export interface OrderForm {
  number: string;
  issuer: string;
  statute: string;
  opens: string[];
  resources: string[];
  from_at: string;
  until_at: string;
  reason: string;
}
export interface Hold {
  hold_id: string;
  resources: string[];
  ground: string;
  order_id: string | null;
  case_no: string | null;
  reason: string | null;
  placed_by: string;
  placed_at: string;
  until_at: string;
  renewals: number;
  released_at: string | null;
  stands: boolean;
  /** Of recorded pictures, the time that is kept; null: all of it. */
  covers_from_at?: string | null;
  covers_until_at?: string | null;
  /** What one person asked of it and another confirms. */
  asked: HoldAsked | null;
}
export interface HoldAsked {
  change: "release" | "renewal";
  by: string;
  at: string;
  /** Of a renewal: its new end. */
  until_at: string | null;
  reason: string | null;
  mine: boolean;
}
export interface HoldForm {
  resources: string[];
  statute: string;
  case_no: string;
  reason: string;
  until_at: string;
  covers_from_at?: string;
  covers_until_at?: string;
}
export interface Seat {
  account_id: string;
  login: string;
  role: string;
  display: string;
  office: string | null;
  created_at: string;
  disabled_at: string | null;
  last_signed_in_at: string | null;
  proves: string[];
}
export interface Invite {
  code: string;
  link: string;
  expires_at: string;
}

const id = encodeURIComponent;
export const keeping = {
  orders: () => get<{ orders: Order[] }>("/orders"),
  registerOrder: (form: OrderForm) => post<Order>("/orders", form),
  confirmOrder: (order: string) => post(`/orders/${id(order)}/confirm`),
  withdrawOrder: (order: string, reason: string) => post(`/orders/${id(order)}/withdraw`, { reason }),
  holds: () => get<{ holds: Hold[] }>("/holds"),
  placeHold: (form: HoldForm) => post<Hold>("/holds", form),
  renewHold: (hold: string, reason: string, until_at: string) => post(`/holds/${id(hold)}/renew`, { reason, until_at }),
  releaseHold: (hold: string, reason: string) => post(`/holds/${id(hold)}/release`, { reason }),
  confirmHold: (hold: string) => post(`/holds/${id(hold)}/confirm`),
  leaveHold: (hold: string) => post(`/holds/${id(hold)}/leave`),
  accounts: () => get<{ accounts: Seat[] }>("/accounts"),
  createAccount: (form: { login: string; role: string; display: string; office: string | null }) =>
    post<Seat & { invite: Invite | null }>("/accounts", form),
  invite: (account: string, clear_factors: boolean) =>
    post<Invite>(`/accounts/${id(account)}/invite`, { clear_factors }),
  moveAccount: (account: string, role: string, office: string | null) =>
    post(`/accounts/${id(account)}/move`, { role, office }),
  disableAccount: (account: string) => post(`/accounts/${id(account)}/disable`),
  facilities: (account: string) =>
    get<{ facilities: string[]; until_at: string | null }>(`/accounts/${id(account)}/facilities`),
  assignFacilities: (account: string, facilities: readonly string[], until_at: string) =>
    put<void>(`/accounts/${id(account)}/facilities`, { facilities, until_at }),
  endFacilities: (account: string) => del(`/accounts/${id(account)}/facilities`),
  endSessions: (account: string) => post<{ ended: number }>(`/accounts/${id(account)}/sessions/end`),
};

/** Not every seat hears when another person confirms: while an order waits for that it is asked for more often. */
export const useOrders = () =>
  useQuery({
    queryKey: ["orders"],
    queryFn: keeping.orders,
    refetchInterval: ({ state }) => (state.data?.orders.some((o) => o.state === "registered") ? 5_000 : 30_000),
  });
export const useHolds = (enabled: boolean) =>
  useQuery({ queryKey: ["holds"], queryFn: keeping.holds, refetchInterval: 30_000, enabled });
export const useSeats = (enabled = true) => useQuery({ queryKey: ["accounts"], queryFn: keeping.accounts, enabled });
