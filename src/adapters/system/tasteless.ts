/**
 * Words of the name lists that nobody should be called without having asked for it: of body, mind
 * and health, descent, faith and party, crime, violence and sex, and plain insults.
 */
export const TASTELESS: ReadonlySet<string> = new Set(
  `
  accused aggressive angry annoyed anxious appalling armed arrogant ashamed awful bad bare
  bizarre blind blonde bloody bottom brainy capitalist chemical christian chronic chubby clumsy
  coloured colonial combative communist condemned conservative crazy creepy criminal crude
  cruel damaged dangerous dead deaf defeated defensive democratic depressed desperate dirty disabled
  disappointed disastrous disgusted disturbed disturbing dreadful drunk dull dutch dying eastern
  electoral embarrassed embarrassing empty envious ethnic evil explicit fat fatal female feminist
  fierce filthy fit foolish foreign frail frightened gastric gay genetic grieving grim gross
  grotesque grubby grumpy guilty handicapped harsh head helpless homeless homely horrible hostile
  hungry hurt ill illegal imperial inadequate inappropriate injured intimate
  involved invisible itchy jealous lazy left liberal limited lonely lost mad male marked married
  marxist mean medical mental minor miserable muddy mute naked nasty naughty nervous
  nosy nuclear nursing nutty obedient obnoxious odd old oral orthodox outrageous pale
  passive petite poor pregnant protestant psychiatric psychological puny
  quarrelsome racial radical ratty raw religious repulsive retired revolutionary right
  rotten rude sad scared scary scrawny screeching selfish sexual shallow sick silly skinny
  slim slimy socialist sore sorry soviet stale sticky stingy stupid suspicious tasteless tense
  terrible testy thick thin thoughtless tight tired top tory toxic tragic troubled ugliest ugly
  unable unacceptable uncomfortable unconscious unemployed unhappy unpleasant unsightly unwilling
  upset uptight useless vicious violent voiceless vulnerable wasteful weak weary wee weird wet
  wicked wild worried wrong xenophobic young yabbering yammering yelling yelping
  ape asp baboon bedbug boa boar booby bug chicken chimpanzee cockroach constrictor cow crab
  cuckoo dinosaur dog donkey earthworm earwig ferret flea fly fowl gibbon goat goose gorilla
  hookworm hyena jackal lamprey leech lemming louse mandrill mite mole monkey mosquito mule
  orangutan pig pigeon piranha possum prawn primate python rat rattlesnake reptile rodent
  roundworm scorpion sheep shrew shrimp silverfish skunk sloth slug snail snake sole
  tarantula termite tick toad turkey viper vole vulture weasel whale worm
  alleged bewildered confused crooked desirable divine elderly federal holy hon inc labour ltd
  military moaning native panicky parliamentary political presidential primitive sacred spiritual
  teenage thirsty hippopotamus
  acute afraid average awkward bitter boring broken cheap clinical common controlled critical defiant
  dependent difficult disciplinary dizzy drab eldest excessive extreme frantic greasy hard heavy
  hissing hot ideological impossible irrelevant jittery juicy latin liable loose mere misleading
  missing mushy naval noisy painful peculiar plain querulous redundant ridiculous rigid rough severe
  shaky shivering shocked short slow smoggy squealing stiff stuck tender uncertain unfair unfortunate
  uninterested unnecessary used willing worrying yeasty yucky
  beaver bonobo cattle cougar crow gayal junglefowl loon manatee marmoset opossum raccoon walrus
  `
    .trim()
    .split(/\s+/),
)
