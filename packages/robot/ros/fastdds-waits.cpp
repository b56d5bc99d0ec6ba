// What Fast DDS of the wheels calls in place of pthread_cond_timedwait.
//
// It waits for the end of time where it means to wait without a limit. The wheels were built for an older C library, where
// libstdc++ converts that time from one clock to another: it overflows and becomes negative. pthread_cond_timedwait refuses a
// negative time at once, with the mutex still locked, so that the loop around it never lets go of the mutex: whoever has
// to end first for the wait to be over, and needs that mutex, waits for ever.
#include <pthread.h>
#include <time.h>

extern "C" int rapport_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const timespec *until) {
  if (until->tv_sec < 0 || until->tv_nsec < 0) return pthread_cond_wait(condition, mutex);
  return pthread_cond_timedwait(condition, mutex, until);
}
