-- Which other server a job waits for, by the name of its model; '' where it is done here.
CREATE FUNCTION server_of(of_queue text, of_request jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN of_queue LIKE '%/remote' THEN split_part(
        coalesce(of_request ->> 'model', ''), '/', 1) ELSE '' END
$$;

-- As before (0021_texts.sql), but `at_once` of each other server, too: what waits for one that is
-- slow does not hold up what others do.
CREATE OR REPLACE FUNCTION release_jobs(of_account text, at_once integer, held_by bigint)
RETURNS SETOF job LANGUAGE plpgsql AS $$
DECLARE
    share record;
    free bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(held_by);
    FOR share IN SELECT DISTINCT kind, priority, server_of(queue, request) AS server FROM job
        WHERE account_id = of_account AND state IN ('queued', 'running') AND released_at IS NULL
    LOOP
        SELECT greatest(0, at_once - count(*)) INTO free FROM job
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
