\set u random(1, 72)
\set p random(1, 290)
\set undo random(1, 4)
SET ROLE service_role;
INSERT INTO public.post_likes (post_id, user_id)
SELECT p.id, u.id FROM public.posts p, public.profiles u
 WHERE p.id = ('b0000000-0000-4000-8000-' || lpad(to_hex(:p), 12, '0'))::uuid
   AND u.id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:u), 12, '0'))::uuid AND :undo > 1
ON CONFLICT DO NOTHING;
DELETE FROM public.post_likes
 WHERE post_id = ('b0000000-0000-4000-8000-' || lpad(to_hex(:p), 12, '0'))::uuid
   AND user_id = ('a0000000-0000-4000-8000-' || lpad(to_hex(:u), 12, '0'))::uuid AND :undo = 1;
