-- What changes credits, as functions of the database: one call is one turn, and what it locks is
-- locked no longer than it must be. Each statement of a function sees what was committed before it,
-- so whoever waited for a lock reads what is there after the wait.

-- A UUID of version 7, as core/ids.py makes them; PostgreSQL has its own from 18 on only.
CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- SHA-256 of all that a transfer says and of the hash of the account's transfer before it. What is
-- hashed is JSON as json.dumps writes it.
CREATE FUNCTION transfer_hash(previous bytea, said transfer, sides text) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(json_build_array(
        encode(previous, 'hex'), said.transfer_id, said.account_id, said.number, said.kind,
        to_char(said.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        said.hold_id, said.reverses, said.reason, sides::json)::text, 'UTF8'))
$$;

-- The entries of a transfer as they are hashed.
CREATE FUNCTION sides_of(of_transfer uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT '[' || string_agg(json_build_array(account_id, amount_microcredits, grant_id)::text,
        ', ' ORDER BY position) || ']' FROM entry WHERE transfer_id = of_transfer
$$;

-- Writes a transfer at the end of an account's chain, and changes what its balance and its grants
-- come to by what the entries say. The caller has the balance locked.
CREATE FUNCTION record_transfer(
    of_account text, of_kind text, accounts text[], amounts bigint[], grants uuid[],
    of_hold uuid DEFAULT NULL, of_transfer uuid DEFAULT NULL, why text DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    made transfer;
    previous bytea;
    sides text;
    own bigint;
BEGIN
    SELECT transfers + 1, last_hash INTO STRICT made.number, previous
        FROM balance WHERE account_id = of_account;
    made.transfer_id := new_id();
    made.account_id := of_account;
    made.kind := of_kind;
    made.hold_id := of_hold;
    made.reverses := of_transfer;
    made.reason := why;
    made.created_at := clock_timestamp();
    SELECT '[' || string_agg(json_build_array(a, n, g)::text, ', ' ORDER BY i) || ']',
            sum(n) FILTER (WHERE a = of_account) INTO sides, own
        FROM unnest(accounts, amounts, grants) WITH ORDINALITY AS side(a, n, g, i);
    made.hash := transfer_hash(previous, made, sides);
    INSERT INTO transfer SELECT made.*;
    INSERT INTO entry (transfer_id, position, account_id, grant_id, amount_microcredits)
        SELECT made.transfer_id, i - 1, a, g, n
        FROM unnest(accounts, amounts, grants) WITH ORDINALITY AS side(a, n, g, i);
    UPDATE credit_grant SET left_microcredits = left_microcredits + n
        FROM unnest(amounts, grants) AS side(n, g) WHERE grant_id = g;
    UPDATE balance SET transfers = made.number, last_hash = made.hash,
            posted_microcredits = posted_microcredits + coalesce(own, 0)
        WHERE account_id = of_account;
    RETURN made.transfer_id;
END $$;

-- Takes what no hold has of an account's grants whose time is over; null where there is nothing.
CREATE FUNCTION expire_grants(of_account text) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    amounts bigint[];
    grants uuid[];
BEGIN
    PERFORM FROM balance WHERE account_id = of_account FOR UPDATE;
    SELECT array_agg(held_microcredits - left_microcredits ORDER BY grant_id),
            array_agg(grant_id ORDER BY grant_id) INTO amounts, grants
        FROM credit_grant
        WHERE account_id = of_account AND left_microcredits > held_microcredits
            AND expires_at <= clock_timestamp();
    IF amounts IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN record_transfer(of_account, 'expiry',
        array_fill(of_account, ARRAY[cardinality(grants)]) || 'system/expired'::text,
        amounts || (SELECT -sum(n) FROM unnest(amounts) AS n)::bigint, grants || NULL::uuid);
END $$;

-- Sets credits aside. Gives the hold, or the one that the job has already; nothing where there are
-- not enough credits, or no such account.
CREATE FUNCTION place_hold(of_account text, amount bigint, until timestamptz, of_job uuid)
RETURNS SETOF hold LANGUAGE plpgsql AS $$
DECLARE
    made hold;
BEGIN
    PERFORM FROM balance WHERE account_id = of_account FOR UPDATE;
    IF of_job IS NOT NULL THEN
        RETURN QUERY SELECT * FROM hold WHERE job_id = of_job;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    PERFORM expire_grants(of_account);
    UPDATE balance SET held_microcredits = held_microcredits + amount
        WHERE account_id = of_account AND posted_microcredits - held_microcredits >= amount;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO hold (hold_id, account_id, job_id, amount_microcredits, expires_at)
        VALUES (new_id(), of_account, of_job, amount, until) RETURNING * INTO made;
    WITH free AS (
        SELECT grant_id, row_number() OVER spent AS number,
            left_microcredits - held_microcredits AS here,
            sum(left_microcredits - held_microcredits) OVER spent AS so_far
        FROM credit_grant WHERE account_id = of_account AND left_microcredits > held_microcredits
        WINDOW spent AS (ORDER BY priority, expires_at NULLS LAST, created_at, grant_id)
    ), part AS (
        SELECT number, grant_id, least(here, amount - so_far + here) AS taken
        FROM free WHERE so_far - here < amount
    ), held AS (
        UPDATE credit_grant SET held_microcredits = held_microcredits + taken
        FROM part WHERE credit_grant.grant_id = part.grant_id
    )
    INSERT INTO hold_part (hold_id, position, grant_id, amount_microcredits)
        SELECT made.hold_id, number - 1, grant_id, taken FROM part;
    RETURN NEXT made;
END $$;

-- Charges so much of a hold and gives the rest back, once. Gives the hold as it is then, or as it
-- was where it was resolved before or has less.
CREATE FUNCTION resolve_hold(of_hold uuid, into_state text, posted bigint)
RETURNS SETOF hold LANGUAGE plpgsql AS $$
DECLARE
    one hold;
    accounts text[];
    amounts bigint[];
    grants uuid[];
BEGIN
    PERFORM FROM balance WHERE account_id = (SELECT account_id FROM hold WHERE hold_id = of_hold)
        FOR UPDATE;
    SELECT * INTO one FROM hold WHERE hold_id = of_hold;
    IF one.state <> 'held' OR posted > one.amount_microcredits THEN
        RETURN NEXT one;
        RETURN;
    END IF;
    UPDATE credit_grant SET held_microcredits = held_microcredits - part.amount_microcredits
        FROM hold_part AS part WHERE hold_id = of_hold AND part.grant_id = credit_grant.grant_id;
    UPDATE balance SET held_microcredits = held_microcredits - one.amount_microcredits
        WHERE account_id = one.account_id;
    IF posted > 0 THEN
        SELECT array_agg(one.account_id), array_agg(-drawn ORDER BY position),
                array_agg(grant_id ORDER BY position) INTO accounts, amounts, grants
            FROM (
                SELECT position, grant_id, least(amount_microcredits, posted + amount_microcredits
                    - sum(amount_microcredits) OVER (ORDER BY position))::bigint AS drawn
                FROM hold_part WHERE hold_id = of_hold
            ) AS part WHERE drawn > 0;
        PERFORM record_transfer(one.account_id, 'charge', accounts || 'system/revenue'::text,
            amounts || posted, grants || NULL::uuid, of_hold);
    END IF;
    RETURN QUERY UPDATE hold
        SET state = into_state, posted_microcredits = posted, resolved_at = clock_timestamp()
        WHERE hold_id = of_hold RETURNING *;
END $$;
