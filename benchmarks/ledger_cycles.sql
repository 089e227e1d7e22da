-- One cycle of a hold and its charge, in the statements of src/maquette/ledger/holds.py.
BEGIN;
SELECT hold_id, account_id, job_id, amount_microcredits, posted_microcredits, state, expires_at
    FROM place_hold('pgbench/' || :client_id, 2, now() + interval '1 day', NULL) \gset
COMMIT;
BEGIN;
SELECT hold_id, account_id, job_id, amount_microcredits, posted_microcredits, state, expires_at
    FROM resolve_hold(:hold_id, 'posted', 1);
COMMIT;
