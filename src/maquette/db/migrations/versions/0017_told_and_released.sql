-- Tells who watches that an account's credits are not what they were, whatever changed them. The
-- same notice of one transaction comes once, when that commits (jobs/events.py).
CREATE FUNCTION tell_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('maquette_job',
        json_build_object('account_id', NEW.account_id, 'kind', 'balance')::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER tell_balance AFTER UPDATE ON balance FOR EACH ROW
    WHEN ((OLD.posted_microcredits, OLD.held_microcredits)
        IS DISTINCT FROM (NEW.posted_microcredits, NEW.held_microcredits))
    EXECUTE FUNCTION tell_balance();

-- Marks an account's next jobs as handed to the workers, the oldest first, and gives them: so many
-- that of each priority `at_once` are. Until the transaction ends no one else does so, nor asks for
-- the account: `held_by` is the number of its lock. One that someone ends right now is passed over;
-- to wait for it could be for ever.
CREATE FUNCTION release_jobs(of_account text, at_once integer, held_by bigint)
RETURNS SETOF job LANGUAGE plpgsql AS $$
DECLARE
    of_priority text;
    free bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(held_by);
    FOR of_priority IN SELECT DISTINCT priority FROM job
        WHERE account_id = of_account AND state IN ('queued', 'running') AND released_at IS NULL
    LOOP
        SELECT greatest(0, at_once - count(*)) INTO free FROM job
            WHERE account_id = of_account AND state IN ('queued', 'running')
                AND released_at IS NOT NULL AND priority = of_priority;
        RETURN QUERY UPDATE job SET released_at = now() WHERE job_id IN (
            SELECT job_id FROM job
            WHERE account_id = of_account AND state IN ('queued', 'running')
                AND released_at IS NULL AND priority = of_priority
            ORDER BY job_id LIMIT free FOR UPDATE SKIP LOCKED
        ) RETURNING job.*;
    END LOOP;
END
$$;
