/** English of the account's pages. */
export const en = {
  // lists
  older: "Show older",
  nothing_yet: "Nothing here yet.",
  // credits
  credits_available: "credits available",
  category_free: "Free",
  category_promotion: "Gift",
  category_plan: "From your plan",
  category_paid: "Bought",
  until: "until {day}",
  without_end: "no expiry",
  statement: "History",
  show_kind: "Show",
  date: "Date",
  what: "What",
  amount: "Amount",
  balance_after: "Balance",
  kind_all: "All",
  kind_charge: "Pictures",
  kind_grant: "Received",
  kind_expiry: "Expired",
  kind_reversal: "Refunds",
  no_transfers: "No credits have moved yet.",
  open_picture: "Open the picture",
  download_statement: "Download CSV",
  statement_saved: "{n} rows saved.",
};
