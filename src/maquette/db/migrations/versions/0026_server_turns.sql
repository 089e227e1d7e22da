-- As before (0024_server_voices.sql), but of each other server a quarter of `at_once`: one account
-- alone would take all places that a worker has for a server.
CREATE OR REPLACE FUNCTION release_jobs(of_account text, at_once integer, held_by bigint)
RETURNS SETOF job LANGUAGE plpgsql AS $$
DECLARE
    share record;
    most integer;
    free bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(held_by);
    FOR share IN SELECT DISTINCT kind, priority, server_of(queue, request) AS server FROM job
        WHERE account_id = of_account AND state IN ('queued', 'running') AND released_at IS NULL
    LOOP
        most := CASE WHEN share.server = '' THEN at_once ELSE greatest(1, at_once / 4) END;
        SELECT greatest(0, most - count(*)) INTO free FROM job
            WHERE account_id = of_account AND state IN ('queued', 'running')
                AND released_at IS NOT NULL
                AND priority = share.priority AND kind = share.kind
                AND server_of(queue, request) = share.server;
        RETURN QUERY UPDATE job SET released_at = now() WHERE job_id IN (
            SELECT job_id FROM job
            WHERE account_id = of_account AND state IN ('queued', 'running')
                AND released_at IS NULL
                AND priority = share.priority AND kind = share.kind
                AND server_of(queue, request) = share.server
            ORDER BY job_id LIMIT free FOR UPDATE SKIP LOCKED
        ) RETURNING job.*;
    END LOOP;
END
$$;
