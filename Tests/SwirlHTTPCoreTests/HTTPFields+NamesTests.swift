import HTTPTypes
import SwirlHTTPCore
import Testing

@Suite struct HTTPFieldsNamesTests {
  @Test func `a field is read and set by its name as text, in any case`() {
    var fields: HTTPFields = [.accept: "a"]
    #expect(fields["ACCEPT"] == "a" && fields["X-Token"] == nil && fields["no name"] == nil)
    fields["X-Token"] = "t"
    fields["accept"] = "b"
    #expect(fields[HTTPField.Name("x-token")!] == "t" && fields[values: .accept] == ["b"])
    fields["X-TOKEN"] = nil
    #expect(fields["X-Token"] == nil && fields.count == 1)
  }

  @Test func `fields are made from text, in order, a name twice as well`() {
    let fields = HTTPFields(["X-A": "1", "Accept": "b", "x-a": "2"])
    #expect(fields.map { "\($0.name.rawName)=\($0.value)" } == ["X-A=1", "Accept=b", "x-a=2"])
  }

  @Test func `what is no name traps, and says what a name has`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var fields = HTTPFields()
      fields["X Token"] = "t"
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(words.contains("\"X Token\" is no name of a field"))
  }
}
