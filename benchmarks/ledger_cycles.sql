-- One cycle of a hold and its charge, in the statements of src/maquette/ledger, as pgbench runs them.
\set account :client_id
BEGIN;
SELECT account_id FROM balance WHERE account_id = 'pgbench/' || :account FOR UPDATE;
SELECT account_id FROM balance WHERE account_id = 'pgbench/' || :account FOR UPDATE;
SELECT grant_id, left_microcredits - held_microcredits FROM credit_grant
    WHERE account_id = 'pgbench/' || :account AND left_microcredits > 0 AND expires_at <= clock_timestamp() AND left_microcredits > held_microcredits ORDER BY grant_id;
UPDATE balance SET held_microcredits = held_microcredits + 2
    WHERE account_id = 'pgbench/' || :account AND posted_microcredits - held_microcredits >= 2;
SELECT uuidv7() AS hold_id, uuidv7() AS transfer_id \gset
INSERT INTO hold (hold_id, account_id, amount_microcredits, posted_microcredits, state, expires_at)
    VALUES (':hold_id', 'pgbench/' || :account, 2, 0, 'held', now() + interval '1 day');
SELECT grant_id FROM credit_grant WHERE account_id = 'pgbench/' || :account AND left_microcredits > 0
    ORDER BY priority, expires_at ASC NULLS LAST, created_at, grant_id \gset
UPDATE credit_grant SET held_microcredits = held_microcredits + 2 WHERE grant_id = ':grant_id';
INSERT INTO hold_part (hold_id, position, grant_id, amount_microcredits) VALUES (':hold_id', 0, ':grant_id', 2);
COMMIT;
BEGIN;
SELECT * FROM hold WHERE hold_id = ':hold_id';
SELECT account_id FROM balance WHERE account_id = 'pgbench/' || :account FOR UPDATE;
SELECT * FROM hold WHERE hold_id = ':hold_id';
SELECT grant_id, amount_microcredits FROM hold_part WHERE hold_id = ':hold_id' ORDER BY position;
UPDATE credit_grant SET held_microcredits = held_microcredits - 2, left_microcredits = left_microcredits - 1 WHERE grant_id = ':grant_id';
SELECT transfers + 1 AS number, encode(last_hash, 'hex') AS last, clock_timestamp() FROM balance WHERE account_id = 'pgbench/' || :account \gset
INSERT INTO transfer (transfer_id, account_id, number, kind, hold_id, created_at, hash)
    VALUES (':transfer_id', 'pgbench/' || :account, :number, 'charge', ':hold_id', now(), sha256(decode(':last', 'hex')));
INSERT INTO entry (transfer_id, position, account_id, grant_id, amount_microcredits)
    VALUES (':transfer_id', 0, 'pgbench/' || :account, ':grant_id', -1), (':transfer_id', 1, 'system/revenue', NULL, 1);
UPDATE balance SET transfers = :number, last_hash = sha256(decode(':last', 'hex')) WHERE account_id = 'pgbench/' || :account;
UPDATE balance SET held_microcredits = held_microcredits - 2, posted_microcredits = posted_microcredits - 1
    WHERE account_id = 'pgbench/' || :account;
UPDATE hold SET state = 'posted', posted_microcredits = 1, resolved_at = now() WHERE hold_id = ':hold_id';
SELECT * FROM hold WHERE hold_id = ':hold_id';
COMMIT;
