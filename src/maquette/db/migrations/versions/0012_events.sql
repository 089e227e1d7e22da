-- What happens to a job, told in one call: whoever adds an event has the job's row, so that the
-- numbers of its events have no gap, and each statement sees what was there when it got that row.
-- Of progress only the newest is kept; after a job's end there is none, and the number is null.
-- The notice is read by whoever listens on the channel (jobs/events.py).
CREATE FUNCTION add_job_event(of_job uuid, of_kind text, of_data jsonb) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record;
    next_sequence integer;
BEGIN
    SELECT state, account_id INTO STRICT one FROM job WHERE job_id = of_job FOR UPDATE;
    IF of_kind = 'progress' AND one.state IN ('succeeded', 'failed', 'cancelled') THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(max(sequence), 0) + 1 INTO next_sequence FROM job_event WHERE job_id = of_job;
    DELETE FROM job_event WHERE job_id = of_job AND kind = 'progress';
    INSERT INTO job_event (job_id, sequence, kind, data)
        VALUES (of_job, next_sequence, of_kind, of_data);
    PERFORM pg_notify('maquette_job', json_build_object(
        'job_id', of_job, 'account_id', one.account_id, 'kind', of_kind)::text);
    RETURN next_sequence;
END
$$;
