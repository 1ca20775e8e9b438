/** What a room may be called: things and places, harmless beside any adjective. */
export const NOUNS: readonly string[] = `
  acorn almanac anchor anthem apron archway arrow atlas attic balcony banjo banner basket beacon bell
  bench blanket bonfire bookcase bottle bridge brook bucket button cabin cactus camera candle canoe
  canvas canyon carousel carpet castle cavern cello chalkboard chapter chestnut chimney clock cloud
  clover coast cobblestone compass corner cottage courtyard crayon cup cushion daisy dawn deck desert
  diary doorbell dune easel echo envelope feather fence ferry fiddle field fireplace fjord flask flute
  footpath forest fountain gallery garden gate geyser glacier globe grove guitar hallway hammock harbor
  harp hat haystack hearth hedge hill hilltop horizon igloo inkwell inlet island ivy jar jigsaw journey
  juniper kettle keyboard kitchen kite ladder lagoon lake lamp lantern lawn library lighthouse lily
  loft lounge lullaby mailbox map maple marble market marsh meadow melody mill mirror mitten moon
  mosaic mountain mural museum nest notebook nutmeg oak oasis oboe observatory ocean orchard orchid
  paddle paintbrush palette parade park patio pavilion peak pebble pencil pepper piano picnic pier
  pillow pine pinwheel planet plaza poem pond porch postcard prairie puddle pumpkin puzzle quarry
  quilt raft railway rainbow ravine reef ribbon ridge river rooftop rowboat saddle sail sandcastle
  scarf sea seat shelf shore sketch skylight snowflake sofa sonnet spiral spring spruce staircase
  star station stone story stream studio summit sundial sunrise sweater table tapestry teapot teacup
  telescope tent terrace thimble thicket ticket timber toast tower trail train treehouse trumpet
  tulip tunnel turnip umbrella valley vase veranda village violin wagon walnut waterfall wave well
  wharf wheel willow windmill window workshop yard zeppelin zither
`
  .trim()
  .split(/\s+/)
