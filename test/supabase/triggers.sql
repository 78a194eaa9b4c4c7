-- What fires on changes, made when the data is in.
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.handle_new_user();
CREATE TRIGGER count_like AFTER INSERT ON public.post_likes FOR EACH ROW EXECUTE FUNCTION public.count_like();
CREATE TRIGGER tell_old_project AFTER INSERT ON public.reports FOR EACH ROW
	EXECUTE FUNCTION supabase_functions.http_request('https://abcdefghij.supabase.co/functions/v1/on-report', 'POST',
		'{"Authorization":"Bearer old-key"}', '{}', '1000');
