import Crypto
import Foundation
import Testing

@testable import RcloneConfig

struct SecretBoxTests {
    /// The vector of "Cryptography in NaCl", sections 8 to 10: `firstkey`, nonce, message and box.
    @Test func vectorOfThePaper() {
        let key = bytes(hex: "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389")
        let nonce = bytes(hex: "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
        let message = bytes(
            hex: """
                be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01
                233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd
                4924ca1c60902e52f0a089bc76897040e082f937763848645e0705
                """)
        let box = bytes(
            hex: """
                f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c
                98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfea
                bd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5
                """)
        #expect(SecretBox.open(box[...], nonce: nonce[...], key: key) == message)
    }

    /// The keys of the same paper: `firstkey` comes of a shared secret by HSalsa20, and `secondkey` of `firstkey`.
    @Test func hashedKeysOfThePaper() {
        let shared = bytes(hex: "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
        let first = Salsa20.hashed(key: shared, input: [UInt8](repeating: 0, count: 16)[...])
        #expect(first == bytes(hex: "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"))
        let second = Salsa20.hashed(key: first, input: bytes(hex: "69696ee955b62b73cd62bda875fc73d6")[...])
        #expect(second == bytes(hex: "dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4"))
    }

    /// Bytes made of SHA-256, so that only the boxes need to be here.
    private static func derived(_ label: String, _ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = 0
        while bytes.count < count {
            bytes += SHA256.hash(data: Data("\(label)\(block)".utf8))
            block += 1
        }
        return Array(bytes.prefix(count))
    }

    /// Made by PyNaCl 1.6.2 (libsodium); the number is the length of the content.
    static let boxes: [(length: Int, hex: String)] = [
        (0, "927b4bdc0180b5c926a50703bf9e68e3"),
        (1, "812fcfdea69dcc4565bfc317e45e13ba63"),
        (15, "a5503c1a6150c167448bcc001161dee44a346ea2dc1441cd847458bed4c786"),
        (16, "57d5b2c31f39ed8f2eb624e3b0fb546029ca14e32452c4236d8c5c41e4c735bc"),
        (17, "257025927dffed6b4d172aabb3611f257e6ac48dc3778791f4515b15a6d9fea941"),
        (31, "5378f8f677651a78cca447847fb558a2660cbcb21249386d6f9366e10a89e9deae075f1eef88bee555b41c3d6b5960"),
        (32, "691bb1cebc4cee880bbaec0abe94a75685da8dd2f3ccd15339582247dcbb23dc4068c839b16845b64c7dd39b768e9188"),
        (33, "e966e781cbf3e768261c8fd6884bc80132709ae08e1e05550c4c67c48af9f04239fb1bda39678f9f0f5b3880ac8450746d"),
        (
            47,
            "91f205ac96d94fe0817bfb36843e325b498e919da25041b510b8073d0a7850a08ad37aee9dada5c7e7ba52d470add9a3f8cfb455cc95e8c596bfe3d3a299ea"
        ),
        (
            48,
            "e2ad9832f0ed45426914fc57e18b6c39a032487d05669545b62c0f30744a52b326d74863fb1b7e30efcb6883bb97220eedb46baa726f049d66c872176602d6d6"
        ),
        (
            63,
            "2b1d0ced9d1bbedba9f4d9b19dbab7af881dd9ebbdfd1a8a18478bda9c10a87382415454ca695b4377d7edf2e7ac721160dd0dfe3dad1c815853abb5aadf0fc0cab8b8e338b42ba8472fdd5f590247"
        ),
        (
            64,
            "429bca2681187b4e83cb0dcfe71f50c0b4a97b1f48dace1d8f0b280054a2fec11fb8aca72cea9b54953d1354e85ec1a44f62eefa083536c24fb1a9f5e0ab55a98f7eb067ebd054c38eebe281ba4b4619"
        ),
        (
            65,
            "51f699459ce06d94c48671646bcb5e125015227c1390fc27d64f6868bb51e53525f97760efbc13463e4a00ee032e02bea494e51ab9f6b7ea267a79f679bc222734fef4cba568cec10e2084ab62f4180836"
        ),
        (
            96,
            "4b060b07379355531b706e57838303e25b6ce8867350ea6e8b7d45b31aef911c4c28b3e7748391b583a54c31a632b4c183c9938ec071658d0479cf89ca3bbb4728a31d47d6b290c24e53a6b1ccbd8d707c4f9e55be5f3988e11ca378f253bc770285a2d9909afd12f77f37ece23b74ac"
        ),
        (
            127,
            "4a3d123cae2e03e654cf064261ae817196fe4e4591ed18b8e3b4bddabc6d83b7f3d06f00ce3dea8bc55b645e320803776341a133f5b432168b82ea10a01513a6c530c50cac5dfd1653e0bff99b221b7854d3c3703e0659c98ce57e71301ed3f2dbcf6f87dff66cb7085d658631ae6b325a6d77f23ee4b8c78879828104e388f766f322327670bef83d01c5b5e7aa82"
        ),
        (
            128,
            "68117af3d116a1447f7257f5f34fe8b83dbf491ece32b8dc58c14e892a9afbb66d14f48b7b00d8c8321ab72d309d194f167c31e8a7d326defb2beff654e13100023b1deaf4351e6896a140599a18e4fee4eaf672e1c9bd7aa99a492cdf5dc8cc6ea6a113fcb50f2dc2ab3d2ce49de331654a30f77d99412ead8c00b956254f00cda9f89e57f5c26b72c0438e7b57faf6"
        ),
        (
            129,
            "07f00f6368909cc6e0235e52f326505ab7cf8cd0c9665411e342b5f4b528ba5de09921ff9f765fb9f7fbe4eeeadb15df8f1a19312c0e6791f209f7382ad7fb8b23481b240af281bfffdd9918fc53fbabb4a556adc541a16bdfb8227851d0e4840f27d2933ff232e9516a313f0eb21c6d6fd1d9cbd370a9ba67818fa3e4c97d67d6574bcfb1a4c8f9f6038d172568ebc86f"
        ),
        (
            200,
            "e458b9ce80940fa858f64e58fd135000d1282f9e8cf2e66acc726f06b21d8529376b1072a9a485d9219fcd3cf0ed3f647d5a97fd53e9551a4d7e43feeb6f445586d2b2f5ff5455ee2fd84ea78f7b093a45ff175459bbd203a8349c31741bf1e8a05f1e35e98ac8047e6e9ee1124f276888eff12980ed81d1acedd8b0761efc61665aa63151a8925ba4b4be780e849a79f4dcdd478518b69c0c186b047814354f8beb9225b9680687adbd32d97542e7c53d782339aa1cb5ea1670856715c4e449c61b518425d10f5d10b1c3a4dbdc8e4c91797dbb04345437"
        ),
    ]

    @Test(arguments: boxes) func boxOfLibsodium(length: Int, hex: String) {
        let key = Self.derived("key\(length)", 32)
        let nonce = Self.derived("nonce\(length)", 24)
        #expect(
            SecretBox.open(bytes(hex: hex)[...], nonce: nonce[...], key: key) == Self.derived("text\(length)", length))
    }

    @Test func anyChangedBitIsNoticed() throws {
        let (length, hex) = try #require(Self.boxes.first { $0.length == 33 })
        let key = Self.derived("key\(length)", 32)
        let nonce = Self.derived("nonce\(length)", 24)
        let box = bytes(hex: hex)
        func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            return changed
        }
        for bit in 0..<(box.count * 8) {
            #expect(SecretBox.open(flipped(box, bit)[...], nonce: nonce[...], key: key) == nil, "bit \(bit) of the box")
        }
        for bit in 0..<(24 * 8) {
            #expect(
                SecretBox.open(box[...], nonce: flipped(nonce, bit)[...], key: key) == nil, "bit \(bit) of the nonce")
        }
        for bit in 0..<(32 * 8) {
            #expect(SecretBox.open(box[...], nonce: nonce[...], key: flipped(key, bit)) == nil, "bit \(bit) of the key")
        }
        #expect(SecretBox.open(box.dropLast(), nonce: nonce[...], key: key) == nil)
    }

    @Test func wrongSizesAreRefused() {
        let zeros = [UInt8](repeating: 0, count: 64)
        #expect(SecretBox.open(zeros[..<15], nonce: zeros[..<24], key: Array(zeros[..<32])) == nil)
        #expect(SecretBox.open(zeros[...], nonce: zeros[..<23], key: Array(zeros[..<32])) == nil)
        #expect(SecretBox.open(zeros[...], nonce: zeros[..<24], key: Array(zeros[..<31])) == nil)
    }

    /// RFC 8439, appendix A.3: the corners of the arithmetic modulo 2^130 - 5. `r`, `s`, the message and its tag.
    @Test(arguments: [
        ("02", "00", "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000"),
        (
            "02", "ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000",
            "03000000000000000000000000000000"
        ),
        (
            "01", "00",
            "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000",
            "05000000000000000000000000000000"
        ),
        (
            "01", "00",
            "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101",
            "00000000000000000000000000000000"
        ),
        ("02", "00", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff"),
        (
            "01000000000000000400000000000000", "00",
            "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000"
                + "01000000000000000000000000000000",
            "14000000000000005500000000000000"
        ),
        (
            "01000000000000000400000000000000", "00",
            "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000",
            "13000000000000000000000000000000"
        ),
    ]) func tagsOfTheRFC(r: String, s: String, message: String, tag: String) {
        func padded(_ hex: String) -> [UInt8] { Array((bytes(hex: hex) + [UInt8](repeating: 0, count: 16)).prefix(16)) }
        #expect(Poly1305.tag(of: bytes(hex: message)[...], key: (padded(r) + padded(s))[...]) == bytes(hex: tag))
    }

    @Test func messageOfTheRFC() {
        let key = bytes(hex: "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
        let message = Array("Cryptographic Forum Research Group".utf8)
        #expect(Poly1305.tag(of: message[...], key: key[...]) == bytes(hex: "a8061dc1305136c6c22b8baf0c0127a9"))
    }
}
