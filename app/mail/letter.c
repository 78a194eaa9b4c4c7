/* The texts of all mails, plain and as HTML. */
#include "app/mail/letter.h"

#include "lib/web/html.h"

#define COMPAT_VERIFY "/auth/v1/verify?"
#define COMPAT_NOTE   "The link and the code work once, for one hour. "

const struct letter letters[MAILS] = {
	[MAIL_VERIFY] = {
		.name = "verify",
		.subject = "Confirm your e-mail address",
		.text = "Welcome to Sojorn!\n\n"
			"Please confirm that this is your e-mail address; then you can log in.",
		.action = "Confirm my address",
		.path = "/api/v1/auth/verify?token=",
		.note = "The link works once, for 24 hours. If you have not signed up, ignore this mail.",
	},
	[MAIL_RESET] = {
		.name = "reset",
		.subject = "Reset your password",
		.text = "Somebody, probably you, has asked for a new password for your Sojorn account.",
		.action = "Choose a new password",
		.path = "/reset-password?token=",
		.to_app = true,
		.note = "The link works once, for one hour. If it was not you, ignore this mail: "
			"your password stays as it is.",
	},
	[MAIL_PASSWORD_CHANGED] = {
		.name = "password_changed",
		.subject = "Your password was changed",
		.text = "The password of your Sojorn account was changed just now, and all other devices "
			"were signed out.\n\n"
			"If it was not you, reset your password at once: choose \"Forgot password\" where "
			"you log in.",
	},
	[MAIL_MFA_ENABLED] = {
		.name = "mfa_enabled",
		.subject = "Two-factor authentication is on",
		.text = "From now on your Sojorn account asks for a code from your authenticator app when "
			"you log in.\n\n"
			"Keep your recovery codes in a safe place.",
	},
	[MAIL_MFA_DISABLED] = {
		.name = "mfa_disabled",
		.subject = "Two-factor authentication is off",
		.text = "Your Sojorn account asks for your password alone again.\n\n"
			"If it was not you, change your password and turn it on again.",
	},
	[MAIL_REACTIVATED] = {
		.name = "reactivated",
		.subject = "Welcome back",
		.text = "You have logged in, so your Sojorn account is active again. If it was to be deleted, "
			"it no longer is.\n\n"
			"If it was not you, change your password.",
	},
	[MAIL_DEACTIVATED] = {
		.name = "deactivated",
		.subject = "Your account is deactivated",
		.text = "Your Sojorn account is deactivated: nobody else can see it, and nothing is lost.\n\n"
			"To come back, just log in.",
	},
	[MAIL_DELETION] = {
		.name = "deletion",
		.subject = "Your account will be deleted",
		.text = "Your Sojorn account and all that belongs to it will be deleted in 14 days. Until then "
			"nobody else can see it.\n\n"
			"To keep it, just log in.",
	},
	[MAIL_DESTROY] = {
		.name = "destroy",
		.subject = "Confirm the deletion of your account",
		.text = "You have asked to delete your Sojorn account and all that belongs to it at once. This "
			"cannot be undone.",
		.action = "Delete my account",
		.path = "/api/v1/account/destroy/confirm?token=",
		.note = "The link works once, for one hour. If it was not you, change your password.",
	},
	[MAIL_COMPAT_SIGNUP] = {
		.name = "compat_signup",
		.subject = "Confirm your e-mail address",
		.text = "Welcome to Sojorn!\n\n"
			"Please confirm that this is your e-mail address; then you can log in.",
		.action = "Confirm my address",
		.path = COMPAT_VERIFY,
		.note = COMPAT_NOTE "If you have not signed up, ignore this mail.",
		.coded = true,
	},
	[MAIL_COMPAT_MAGICLINK] = {
		.name = "compat_magiclink",
		.subject = "Your link to log in",
		.text = "Somebody, probably you, wants to log in to your Sojorn account.",
		.action = "Log in",
		.path = COMPAT_VERIFY,
		.note = COMPAT_NOTE "If it was not you, ignore this mail.",
		.coded = true,
	},
	[MAIL_COMPAT_RECOVERY] = {
		.name = "compat_recovery",
		.subject = "Reset your password",
		.text = "Somebody, probably you, has asked for a new password for your Sojorn account.",
		.action = "Choose a new password",
		.path = COMPAT_VERIFY,
		.note = COMPAT_NOTE "If it was not you, ignore this mail: your password stays as it is.",
		.coded = true,
	},
	[MAIL_COMPAT_EMAIL_CHANGE] = {
		.name = "compat_email_change",
		.subject = "Confirm your new e-mail address",
		.text = "Your Sojorn account is to have this e-mail address from now on.",
		.action = "Confirm my new address",
		.path = COMPAT_VERIFY,
		.note = COMPAT_NOTE "If it was not you, ignore this mail.",
		.coded = true,
	},
	[MAIL_COMPAT_INVITE] = {
		.name = "compat_invite",
		.subject = "You are invited",
		.text = "Somebody has made a Sojorn account for you.",
		.action = "Take it",
		.path = COMPAT_VERIFY,
		.note = COMPAT_NOTE "If you do not want it, ignore this mail.",
		.coded = true,
	},
	[MAIL_COMPAT_NONCE] = {
		.name = "compat_nonce",
		.subject = "Confirm that it is you",
		.text = "Your Sojorn account is about to be changed, and the app asks whether that is you.",
		.note = "The code works once, for one hour. If it was not you, change your password.",
		.coded = true,
	},
};

static const char html_begin[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%.*s</title>\n"
	"</head>\n<body style=\"font-family: sans-serif; line-height: 1.5; max-width: 36em\">\n";
static const char html_end[] = "<p style=\"color: #666\">Sojorn</p>\n</body>\n</html>\n";
static const char html_link[] = "<p><a href=\"%.*s\" style=\"font-weight: bold\">%s</a></p>\n";

#define TEXT(s) (int)(s).n, (s).p

static str code_line(struct arena *a, const struct letter *l, str code)
{
	return code.p ? arena_printf(a, "%s enter this code: %.*s", l->action ? "Or" : "Please",
				     TEXT(code))
		      : S("");
}

str letter_text(struct arena *a, const struct letter *l, str link, str code)
{
	str line = code_line(a, l, code);

	if (!l->action && !code.p)
		return arena_printf(a, "%s\n\n-- \nSojorn\n", l->text);
	if (!l->action)
		return arena_printf(a, "%s\n\n%.*s\n\n%s\n\n-- \nSojorn\n", l->text, TEXT(line),
				    l->note);
	return arena_printf(a, "%s\n\n%s:\n\n%.*s\n\n%.*s%s%s\n\n-- \nSojorn\n", l->text, l->action,
			    TEXT(link), TEXT(line), code.p ? "\n\n" : "", l->note);
}

/* Each paragraph of a text after what is already there. */
static str add_paragraphs(struct arena *a, str html, const char *text)
{
	str rest = str_of(text);

	while (rest.p) {
		ptrdiff_t end = str_find(rest, S("\n\n"));
		str part = end < 0 ? rest : str_slice(rest, 0, (size_t)end);

		rest = end < 0 ? (str){ 0 } : str_slice(rest, (size_t)end + 2, rest.n);
		html = arena_printf(a, "%.*s<p>%.*s</p>\n", TEXT(html), TEXT(html_escape(a, part)));
	}
	return html;
}

str letter_html(struct arena *a, const struct letter *l, str link, str code)
{
	str subject = html_escape(a, str_of(l->subject));
	str html = arena_printf(a, html_begin, TEXT(subject));

	html = add_paragraphs(a, html, l->text);
	if (l->action) {
		str button = arena_printf(a, html_link, TEXT(html_escape(a, link)), l->action);

		html = arena_printf(a, "%.*s%.*s", TEXT(html), TEXT(button));
	}
	if (code.p)
		html = add_paragraphs(a, html, code_line(a, l, code).p);
	if (l->action || code.p)
		html = add_paragraphs(a, html, l->note);
	return arena_printf(a, "%.*s%s", TEXT(html), html_end);
}
