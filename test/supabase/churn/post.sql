\set u random(1, 72)
\set p random(1, 290)
\set answer random(1, 3)
SET ROLE service_role;
BEGIN;
INSERT INTO public.posts (author_id, body, chain_parent_id, tags)
SELECT id, 'Written at ' || clock_timestamp(), CASE WHEN :answer = 1
	THEN ('b0000000-0000-4000-8000-' || lpad(to_hex(:p), 12, '0'))::uuid END, ARRAY['churn']
  FROM public.profiles WHERE id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:u), 12, '0'))::uuid;
INSERT INTO public.comments (post_id, author_id, body)
SELECT p.id, u.id, 'Answered at ' || clock_timestamp() FROM public.posts p, public.profiles u
 WHERE p.id = ('b0000000-0000-4000-8000-' || lpad(to_hex(:p), 12, '0'))::uuid
   AND u.id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:u), 12, '0'))::uuid AND :answer = 2;
COMMIT;
