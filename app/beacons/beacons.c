/* The job that ends beacons. */
#include "app/beacons/beacons_db.h"

err beacons_expire(struct job *j)
{
	return beacons_take_off(j->db);
}
