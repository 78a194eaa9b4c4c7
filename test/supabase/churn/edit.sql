\set u random(1, 72)
\set p random(1, 290)
SET ROLE service_role;
UPDATE public.posts SET body = 'Edited at ' || clock_timestamp(), edited_at = now()
 WHERE id = ('b0000000-0000-4000-8000-' || lpad(to_hex(:p), 12, '0'))::uuid;
UPDATE public.profiles SET bio = 'Changed at ' || clock_timestamp(), updated_at = now()
 WHERE id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:u), 12, '0'))::uuid;
DELETE FROM public.posts WHERE id = (SELECT id FROM public.posts WHERE body LIKE 'Written at%' LIMIT 1);
