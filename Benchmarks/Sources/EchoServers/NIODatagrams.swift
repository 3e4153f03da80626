import Glibc
import NIOCore
import NIOPosix

/// As NIO's own UDP echo server, with vectors of datagrams in both directions.
private final class Echo: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.write(data, promise: nil) }
  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }
}

func nioDatagramEcho() throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let channel = try DatagramBootstrap(group: group)
    .channelOption(.datagramVectorReadMessageCount, value: 32)
    .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32 * 2048))
    .channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
    }
    .bind(host: "127.0.0.1", port: 0).wait()
  print(channel.localAddress?.port ?? 0)
  fflush(nil)
  try channel.closeFuture.wait()
}
