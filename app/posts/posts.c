/* The job that ends posts. */
#include "app/posts/posts_db.h"

err posts_expire(struct job *j)
{
	return posts_expire_due(j->db);
}
