\set a random(1, 72)
\set b random(1, 72)
\set undo random(1, 3)
SET ROLE service_role;
INSERT INTO public.follows (follower_id, following_id)
SELECT a.id, b.id FROM public.profiles a, public.profiles b
 WHERE a.id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:a), 12, '0'))::uuid
   AND b.id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:b), 12, '0'))::uuid AND :undo > 1
ON CONFLICT DO NOTHING;
DELETE FROM public.follows
 WHERE follower_id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:a), 12, '0'))::uuid
   AND following_id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:b), 12, '0'))::uuid AND :undo = 1;
