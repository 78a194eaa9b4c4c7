/* The plain model of the rules. */
#include "app/model_test.h"

static bool blocked(const struct model *m, int a, int b)
{
	return m->blocks[a][b] || m->blocks[b][a];
}

bool model_sees_person(const struct model *m, int viewer, int who)
{
	return viewer == who || (!m->is_gone[who] && !blocked(m, viewer, who));
}

static bool follows(const struct model *m, int a, int b)
{
	return m->follows[a][b] == ACCEPTED;
}

bool model_sees_inside(const struct model *m, int viewer, int who)
{
	return model_sees_person(m, viewer, who)
		&& (viewer == who || !m->is_private[who] || follows(m, viewer, who));
}

static bool reaches(const struct model *m, enum audience audience, int author, int viewer)
{
	switch (audience) {
	case EVERYBODY:
		return true;
	case FOLLOWERS:
		return follows(m, viewer, author);
	case CIRCLE:
		return m->circle[author][viewer];
	default:
		return false;
	}
}

bool model_sees_post(const struct model *m, int viewer, int post)
{
	const struct model_post *p = &m->posts[post];

	if (p->deleted)
		return false;
	if (p->author == viewer)
		return true;
	return !p->removed && !p->expired && model_sees_inside(m, viewer, p->author)
		&& reaches(m, p->audience, p->author, viewer)
		&& reaches(m, m->ceiling[p->author], p->author, viewer)
		&& (!p->sensitive || m->wants_sensitive[viewer]);
}

bool model_feeds_post(const struct model *m, int viewer, int post)
{
	const struct model_post *p = &m->posts[post];

	return model_sees_post(m, viewer, post) && p->parent < 0 && !m->hidden[viewer][post]
		&& (p->author == viewer || follows(m, viewer, p->author));
}

bool model_follow(struct model *m, int me, int who)
{
	if (!model_sees_person(m, me, who))
		return false;
	if (m->follows[me][who] == NONE)
		m->follows[me][who] = m->is_private[who] ? PENDING : ACCEPTED;
	return true;
}

void model_unfollow(struct model *m, int me, int who)
{
	m->follows[me][who] = NONE;
	m->circle[me][who] = false;
}

bool model_accept(struct model *m, int me, int who)
{
	if (m->follows[who][me] != PENDING || !model_sees_person(m, me, who))
		return false;
	m->follows[who][me] = ACCEPTED;
	return true;
}

void model_block(struct model *m, int me, int who)
{
	m->blocks[me][who] = true;
	model_unfollow(m, me, who);
	model_unfollow(m, who, me);
}

void model_open(struct model *m, int me)
{
	for (int a = 0; a < PEOPLE; a++)
		if (m->follows[a][me] == PENDING && m->is_private[me])
			m->follows[a][me] = ACCEPTED;
	m->is_private[me] = false;
}
