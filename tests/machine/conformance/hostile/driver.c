/* A Vulkan driver that misbehaves: REPRO_AUDIT_HOSTILE is MOMENT-WAY. The loader loads it, negotiates a version, asks for
 * functions, and makes an instance; at the moment that is named it misbehaves in the way that is named. Otherwise it is a
 * driver without devices. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void linger(void) {
    /* Holds every pipe that it has inherited. */
    if (fork() == 0) {
        sleep(900);
        _exit(0);
    }
}

static void misbehave(const char *moment) {
    const char *asked = getenv("REPRO_AUDIT_HOSTILE");
    const size_t length = strlen(moment);
    if (!asked || strncmp(asked, moment, length) != 0 || asked[length] != '-') return;
    const char *way = asked + length + 1;
    if (!strcmp(way, "abort")) abort();
    if (!strcmp(way, "fault")) *(volatile int *)8 = 1;
    if (!strcmp(way, "leave")) _exit(0);
    if (!strcmp(way, "exit")) exit(0);
    if (!strcmp(way, "hang")) {
        signal(SIGTERM, SIG_IGN);
        for (;;) pause();
    }
    if (!strcmp(way, "spin")) for (volatile int i = 0;; i++) {}
    if (!strcmp(way, "stop")) raise(SIGSTOP);
    if (!strcmp(way, "chatter")) {
        printf("\033[2J::error::from a driver {\"response\":1}\n");
        fprintf(stderr, "\033[2J::error::from a driver\n");
        fflush(stdout);
    }
    if (!strcmp(way, "lines")) {
        for (long i = 0; i < 4000000; i++) printf("{\"response\":\"adapters\"}\n");
        fflush(stdout);
    }
    if (!strcmp(way, "endless")) {
        char block[4096];
        memset(block, 'x', sizeof block);
        for (;;) fwrite(block, 1, sizeof block, stdout);
    }
    if (!strcmp(way, "orphan")) {
        linger();
        _exit(1);
    }
    if (!strcmp(way, "helper")) linger();
    if (!strcmp(way, "close")) for (int i = 0; i < 100; i++) close(i);
    if (!strcmp(way, "kill")) kill(getppid(), SIGTERM);
    /* What it starts counts as its own. */
    if (!strcmp(way, "forked") && fork() != 0) for (;;) pause();
    if (!strcmp(way, "memory") || !strcmp(way, "forked")) {
        for (;;) {
            char *block = malloc(16 << 20);
            if (!block) abort();
            memset(block, 1, 16 << 20);
        }
    }
}

typedef void (*Function)(void);

__attribute__((constructor)) static void load(void) { misbehave("load"); }

static int create_instance(void *info, void *allocator, void *instance) {
    (void)info, (void)allocator, (void)instance;
    misbehave("instance");
    return -9; /* VK_ERROR_INCOMPATIBLE_DRIVER */
}

static int no_extensions(const char *layer, unsigned *count, void *properties) {
    (void)layer, (void)properties;
    *count = 0;
    return 0;
}

Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
    (void)instance;
    misbehave("functions");
    if (!strcmp(name, "vkCreateInstance")) return (Function)create_instance;
    if (!strcmp(name, "vkEnumerateInstanceExtensionProperties")) return (Function)no_extensions;
    return 0;
}

int vk_icdNegotiateLoaderICDInterfaceVersion(unsigned *version) {
    misbehave("negotiate");
    if (*version > 5) *version = 5;
    return 0;
}
