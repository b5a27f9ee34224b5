import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Sets up each connection: our handlers, and NIO's HTTP codec and Hummingbird's handlers once a request needs them.
///
/// Most connections of an API carry inference requests only; they never pay for the others.
struct FrontChannel: HTTPChannelHandler {
    let responder: HTTPChannelHandler.Responder
    let routes: InferenceRoutes
    let limits: FrontLimits
    let inFlight: InFlight

    /// One connection: what Hummingbird reads, when it gets anything to read.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        fileprivate let handedOver: EventLoopFuture<NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>?>
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let handedOver = channel.eventLoop.makePromise(of: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>?.self)
            channel.closeFuture.whenComplete { _ in handedOver.succeed(nil) }
            let front = FrontHandler(
                routes: routes, limits: limits, loop: channel.eventLoop, inFlight: inFlight
            ) { channel in
                try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                handedOver.succeed(
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)))
            }
            let reader = PlainReader(front: front, addCodec: addCodec)
            front.reader = reader
            let unsent = ChannelOptions.Types.WriteBufferWaterMark(
                low: limits.unsentBytesLow, high: limits.unsentBytesHigh)
            try channel.syncOptions?.setOption(.writeBufferWaterMark, value: unsent)
            try channel.pipeline.syncOperations.addHandlers([reader, front])
            return Value(channel: channel, handedOver: handedOver.futureResult)
        }
    }

    /// NIO's codec, between `reader` and what stands behind it.
    private func addCodec(_ reader: PlainReader, _ channel: any Channel) throws {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = limits.headerFieldBytesMax
        decoderLimits.maxHeaderListSize = limits.headerBytesMax
        decoderLimits.maxHeaderFieldCount = limits.headerFieldsMax
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            position: .after(reader), withPipeliningAssistance: true, withErrorHandling: false,
            withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoderLimits)
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            // Never fails: the promise is kept with a channel or, when the connection closes, without.
            guard let channel = try? await value.handedOver.get() else { return }
            await handleHTTP(asyncChannel: channel, logger: logger)
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }
}
