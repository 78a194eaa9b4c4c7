/* The job kinds and periodic jobs of all features; a feature joins by its line here. */
#include "app/mail/mail.h"
#include "app/moderation/moderation.h"
#include "app/ops/jobs.h"

const struct job_kind app_job_kinds[] = {
	{ .kind = "mail", .run = mail_run },
	{ 0 },
};

const struct periodic app_periodic[] = {
	{ .name = "strikes", .every = DAY, .run = moderation_recount_strikes },
	{ 0 },
};
