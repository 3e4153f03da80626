// The numbers of signals for `addSignalHandler` and `ChildProcess.kill`, so that a program need not import its C
// library for them: `reactor.addSignalHandler(SIGHUP) { … }`. They are the C library's own declarations: a program that
// imports it, too, sees one of each.

@_exported public import var SwirlPlatform.SIGALRM
@_exported public import var SwirlPlatform.SIGCHLD
@_exported public import var SwirlPlatform.SIGCONT
@_exported public import var SwirlPlatform.SIGHUP
@_exported public import var SwirlPlatform.SIGINT
@_exported public import var SwirlPlatform.SIGKILL
@_exported public import var SwirlPlatform.SIGPIPE
@_exported public import var SwirlPlatform.SIGQUIT
@_exported public import var SwirlPlatform.SIGSTOP
@_exported public import var SwirlPlatform.SIGTERM
@_exported public import var SwirlPlatform.SIGTSTP
@_exported public import var SwirlPlatform.SIGUSR1
@_exported public import var SwirlPlatform.SIGUSR2
@_exported public import var SwirlPlatform.SIGWINCH
