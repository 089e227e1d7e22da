-- Charges so much of a hold and gives the rest back, once. Gives the hold as it is then, as it was
-- where it was resolved before or has less, and nothing where there is none.
CREATE OR REPLACE FUNCTION resolve_hold(of_hold uuid, into_state text, posted bigint)
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
    IF NOT FOUND THEN
        RETURN;
    END IF;
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
