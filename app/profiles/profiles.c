/* Rules of names. */
#include "app/profiles/profiles.h"

#define HANDLE_MIN 3
#define HANDLE_MAX 30

static const struct err_info info_not_found = { 404, "not_found", "profile not found", NULL };
static const struct err_info info_reserved = { 403, "handle_reserved", "this handle is reserved",
					       NULL };
static const struct err_info info_taken = { 409, "handle_taken", "handle is already taken", NULL };
static const struct err_info info_handle = {
	400, "invalid",
	"handle must be 3 to 30 letters, digits, underscores or dots, no dot at an end or beside another",
	"handle"
};

const err err_profile_not_found = { &info_not_found };
const err err_handle_reserved = { &info_reserved };
const err err_handle_taken = { &info_taken };

static bool handle_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

err profiles_handle(struct arena *a, str typed, str *out)
{
	str h = arena_lower(a, str_starts(typed, S("@")) ? str_slice(typed, 1, typed.n) : typed);
	char before = '.';

	if (h.n < HANDLE_MIN || h.n > HANDLE_MAX || h.p[h.n - 1] == '.')
		return (err){ &info_handle };
	for (size_t i = 0; i < h.n; before = h.p[i++])
		if (!handle_char(h.p[i]) || (h.p[i] == '.' && before == '.'))
			return (err){ &info_handle };
	*out = h;
	return OK;
}
