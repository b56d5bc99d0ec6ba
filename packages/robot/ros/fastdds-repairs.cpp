// What Fast DDS of the wheels calls in place of functions of the C library.
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

// It waits for the end of time where it means to wait without a limit. The wheels were built for an older C library, where
// libstdc++ converts that time from one clock to another: it overflows and becomes negative. pthread_cond_timedwait refuses a
// negative time at once, with the mutex still locked, so that the loop around it never lets go of the mutex: whoever has
// to end first for the wait to be over, and needs that mutex, waits for ever.
extern "C" int rapport_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const timespec *until) {
  if (until->tv_sec < 0 || until->tv_nsec < 0) return pthread_cond_wait(condition, mutex);
  return pthread_cond_timedwait(condition, mutex, until);
}

// A port in shared memory is opened and removed under a semaphore with the port's name, NAME_mutex. Who removes a port removes the
// semaphore, too, while others may be waiting for it: they go on with one that nobody else knows any more, and remove what
// somebody makes meanwhile under the new one. Publishers open and remove the port of a killed subscriber at every message,
// until they hear of its end after 20 s; a process that is started meanwhile, and gets the same port, may lose it at once, and
// then receives nothing.
//
// So the semaphore stays. Only one that could not be had in time is removed: whoever had it was killed.
namespace {
thread_local bool waited_in_vain = false;
}

extern "C" int rapport_sem_timedwait(sem_t *semaphore, const timespec *until) {
  const int result = sem_timedwait(semaphore, until);
  waited_in_vain = result != 0 && errno == ETIMEDOUT;
  return result;
}

extern "C" int rapport_sem_unlink(const char *name) {
  constexpr char ending[] = "_mutex";
  const size_t length = strlen(name), ends = sizeof ending - 1;
  const bool guards = length >= ends && strcmp(name + length - ends, ending) == 0;
  return guards && !waited_in_vain ? 0 : sem_unlink(name);
}
