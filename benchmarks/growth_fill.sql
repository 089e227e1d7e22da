-- Accounts with a grant each, as if they had signed up, and the people's jobs with four pictures
-- each, fifty jobs to an account. Triggers are off, for all of it is right; chains are whole.
SET session_replication_role = replica;
SET synchronous_commit = off;

INSERT INTO account (account_id, kind)
    SELECT 'user/' || n, 'user' FROM generate_series(1, :accounts) AS n;
INSERT INTO credit_grant (grant_id, account_id, category, priority, amount_microcredits, left_microcredits)
    SELECT md5('grant' || n)::uuid, 'user/' || n, 'free', 0, 1000000000, 1000000000
    FROM generate_series(1, :accounts) AS n;
INSERT INTO transfer (transfer_id, account_id, number, kind, created_at, hash)
    SELECT said.transfer_id, said.account_id, 1, 'grant', said.created_at,
        transfer_hash(decode(repeat('00', 32), 'hex'), said, '[' ||
            json_build_array('system/issued', -1000000000, NULL)::text || ', ' ||
            json_build_array(said.account_id, 1000000000, md5('grant' || n)::uuid)::text || ']')
    FROM generate_series(1, :accounts) AS n CROSS JOIN LATERAL jsonb_populate_record(NULL::transfer,
        jsonb_build_object('transfer_id', md5('transfer' || n)::uuid, 'account_id', 'user/' || n,
            'number', 1, 'kind', 'grant', 'created_at', now())) AS said;
INSERT INTO entry (transfer_id, position, account_id, grant_id, amount_microcredits)
    SELECT md5('transfer' || n)::uuid, side, CASE side WHEN 0 THEN 'system/issued' ELSE 'user/' || n END,
        CASE side WHEN 1 THEN md5('grant' || n)::uuid END, 1000000000 * (2 * side - 1)
    FROM generate_series(1, :accounts) AS n, generate_series(0, 1) AS side;
INSERT INTO balance (account_id, posted_microcredits, transfers, last_hash)
    SELECT account_id, 1000000000, 1, hash FROM transfer;

-- Names of jobs and pictures go up with time, as those of core/ids.py do.
INSERT INTO job (job_id, account_id, kind, queue, state, request, finished_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'user/' || (1 + n % greatest(:jobs / 50, 1)), 'image', 'image', 'succeeded',
        jsonb_build_object('count', 4, 'model', 'starter', 'source', NULL, 'mask', NULL, 'params',
            jsonb_build_object('prompt', 'a red boat on a calm sea at night, number ' || n, 'seed', n,
                'width', 256, 'height', 256, 'num_inference_steps', 24, 'guidance_scale', 4.0)), now()
    FROM generate_series(1, :jobs) AS n;
INSERT INTO hold (hold_id, account_id, job_id, amount_microcredits, posted_microcredits, state, expires_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'user/' || (1 + n % greatest(:jobs / 50, 1)), lpad(to_hex(n), 32, '0')::uuid,
        1000, 1000, 'posted', now() FROM generate_series(1, :jobs) AS n;
INSERT INTO asset (asset_id, job_id, account_id, position, media_type, content_hash, size_bytes, seed)
    SELECT lpad(to_hex(4 * n + place), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid,
        'user/' || (1 + n % greatest(:jobs / 50, 1)), place, 'image/png',
        encode(sha256(int8send(4 * n + place)), 'hex'), 100000, n + place
    FROM generate_series(1::bigint, :jobs) AS n, generate_series(0, 3) AS place;
