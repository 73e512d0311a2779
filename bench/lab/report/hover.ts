/** Shows what all pictures say of the moment below the pointer. The page is whole without it. */
export const HOVER = `'use strict'
const pictures = [...document.querySelectorAll('figure[data-plot]')].map((figure) => {
  const keys = [...figure.querySelectorAll('.legend b')]
  return { ...JSON.parse(figure.dataset.plot), svg: figure.querySelector('.plot'), cursor: figure.querySelector('.cursor'),
    moment: figure.querySelector('.moment'), keys, sums: keys.map((key) => key.textContent) }
})
const show = (x) => {
  for (const picture of pictures) {
    const next = picture.x.findIndex((each) => each >= x)
    const index = next === -1 ? picture.x.length - 1 : next
    picture.cursor.setAttribute('x1', picture.x[index])
    picture.cursor.setAttribute('x2', picture.x[index])
    picture.moment.textContent = 'at ' + picture.at[index]
    picture.keys.forEach((key, series) => { key.textContent = picture.values[series][index] })
  }
}
const hide = () => {
  for (const picture of pictures) {
    picture.cursor.setAttribute('x1', -9)
    picture.cursor.setAttribute('x2', -9)
    picture.moment.textContent = ''
    picture.keys.forEach((key, series) => { key.textContent = picture.sums[series] })
  }
}
for (const { svg } of pictures) {
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect()
    show((event.clientX - box.left) / box.width * svg.viewBox.baseVal.width)
  })
  svg.addEventListener('pointerleave', hide)
}
`
