-- As before (0012_events.sql), and of a text what was said is kept part after part, as `said`: to
-- keep all of it anew each time would be quadratic in its length. The parts go where they are of no
-- more use: a new attempt keeps all of them as one, which comes next; what has succeeded has its
-- texts as assets; what failed has none. What was cancelled keeps them, for they were charged.
CREATE OR REPLACE FUNCTION add_job_event(of_job uuid, of_kind text, of_data jsonb) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record;
    next_sequence integer;
BEGIN
    SELECT state, account_id INTO STRICT one FROM job WHERE job_id = of_job FOR UPDATE;
    IF of_kind IN ('progress', 'said') AND one.state IN ('succeeded', 'failed', 'cancelled') THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(sequence), 0) + 1 INTO next_sequence FROM job_event WHERE job_id = of_job;
    DELETE FROM job_event WHERE job_id = of_job AND (kind = 'progress'
        OR kind = 'said' AND of_kind IN ('running', 'succeeded', 'failed'));
    INSERT INTO job_event (job_id, sequence, kind, data)
        VALUES (of_job, next_sequence, of_kind, of_data);
    PERFORM pg_notify('maquette_job', json_build_object(
        'job_id', of_job, 'account_id', one.account_id, 'kind', of_kind)::text);
    RETURN next_sequence;
END
$$;

-- As before (0017_told_and_released.sql), but `at_once` of each priority and medium: the workers
-- of one have nothing to do with those of another.
CREATE OR REPLACE FUNCTION release_jobs(of_account text, at_once integer, held_by bigint)
RETURNS SETOF job LANGUAGE plpgsql AS $$
DECLARE
    share record;
    free bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(held_by);
    FOR share IN SELECT DISTINCT kind, priority FROM job
        WHERE account_id = of_account AND state IN ('queued', 'running') AND released_at IS NULL
    LOOP
        SELECT greatest(0, at_once - count(*)) INTO free FROM job
            WHERE account_id = of_account AND state IN ('queued', 'running')
                AND released_at IS NOT NULL
                AND priority = share.priority AND kind = share.kind;
        RETURN QUERY UPDATE job SET released_at = now() WHERE job_id IN (
            SELECT job_id FROM job
            WHERE account_id = of_account AND state IN ('queued', 'running')
                AND released_at IS NULL
                AND priority = share.priority AND kind = share.kind
            ORDER BY job_id LIMIT free FOR UPDATE SKIP LOCKED
        ) RETURNING job.*;
    END LOOP;
END
$$;
