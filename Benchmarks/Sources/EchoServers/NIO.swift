import Glibc
import NIOCore
import NIOPosix

/// As in NIO's own example: writes each piece at once, and flushes when the socket has no more data.
private final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.write(data, promise: nil) }
  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}

func nioEcho() throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let channel = try ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
    .childChannelOption(.maxMessagesPerRead, value: 16)
    .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
    .childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandlers(BackPressureHandler(), Echo())
      }
    }
    .bind(host: "127.0.0.1", port: 0).wait()
  print(channel.localAddress?.port ?? 0)
  fflush(nil)
  try channel.closeFuture.wait()
}
